/** What trino-server-main's class does. Run as a single source file, with lib/ on the class path. */
public final class Main {
  public static void main(String[] arguments) {
    new io.trino.server.Server().start("435");
  }
}
