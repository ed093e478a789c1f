import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CALLS, type Made, stateOf } from './program.ts';

/** The SDK's own generated messages and the gRPC it brings along, from the workspace that alone has them. */
const fromInfra = createRequire(new URL('../../infra/package.json', import.meta.url));
const fromSdk = createRequire(fromInfra.resolve('@pulumi/pulumi'));

type Callback = (error: Error | null, answer: unknown) => void;
type Handler = (call: { request: Record<string, (...args: unknown[]) => unknown> }, callback: Callback) => void;

interface Grpc {
  Server: new (
    options: object,
  ) => {
    addService(definition: object, handlers: Record<string, Handler>): void;
    bindAsync(address: string, credentials: unknown, done: (error: Error | null, port: number) => void): void;
    forceShutdown(): void;
  };
  ServerCredentials: { createInsecure(): unknown };
}

interface StructClass {
  fromJavaScript(value: object): unknown;
}

export interface Recorded {
  /** What the program registered, in no order. */
  made: (Made & { parent: string; custom: boolean; dependencies: string[]; version: string })[];
  outputs: Record<string, unknown>;
  /** Lines that the program's SDK logged with the severity of an error. */
  errors: string[];
  code: number | null;
  stderr: string;
}

/** Of the provider's SDK, which the engine takes the plugin by. */
export const PROVIDER_VERSION = (fromInfra('@pulumi/aws/package.json') as { version: string }).version;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs the program by the script that Pulumi's language host for Node starts (@pulumi/pulumi/cmd/run), as that host starts it, against an
 * engine and a resource monitor that record what they are asked and answer as if each resource had been made.
 */
export async function runByLanguageHost(config: Record<string, string>): Promise<Recorded> {
  const grpc = fromSdk('@grpc/grpc-js') as Grpc;
  const { Struct } = fromSdk('google-protobuf/google/protobuf/struct_pb.js') as { Struct: StructClass };
  const { Empty } = fromSdk('google-protobuf/google/protobuf/empty_pb.js') as { Empty: new () => unknown };
  const messages = fromInfra('@pulumi/pulumi/proto/resource_pb.js') as Record<
    string,
    new () => Record<string, (value: unknown) => void>
  >;
  const engines = fromInfra('@pulumi/pulumi/proto/engine_pb.js') as typeof messages;
  const services = fromInfra('@pulumi/pulumi/proto/resource_grpc_pb.js') as { ResourceMonitorService: object };
  const engineServices = fromInfra('@pulumi/pulumi/proto/engine_grpc_pb.js') as { EngineService: object };

  const out: Recorded = { made: [], outputs: {}, errors: [], code: null, stderr: '' };
  let root = '';
  const answer = (kind: typeof messages, name: string, values: Record<string, unknown>) => {
    const message = new kind[name]!();
    for (const [setter, value] of Object.entries(values)) message[setter]!(value);
    return message;
  };
  const plain = (struct: unknown) =>
    (struct as { toJavaScript(): Record<string, unknown> } | undefined)?.toJavaScript() ?? {};
  const none: Handler = (_, done) => done(null, new Empty());

  const monitor: Record<string, Handler> = {
    supportsFeature: ({ request }, done) =>
      done(
        null,
        answer(messages, 'SupportsFeatureResponse', {
          setHassupport: ['secrets', 'parameterization'].includes(String(request.getId!())),
        }),
      ),
    invoke: ({ request }, done) =>
      done(
        null,
        answer(messages, 'ResourceInvokeResponse', {
          setReturn: Struct.fromJavaScript(CALLS[String(request.getTok!())] ?? {}),
        }),
      ),
    registerResource: ({ request }, done) => {
      const [type, name] = [String(request.getType!()), String(request.getName!())];
      const inputs = plain(request.getObject!());
      const custom = request.getCustom!() === true;
      const urn = `urn:pulumi:test::pare::${type}::${name}`;
      if (type !== 'pulumi:pulumi:Stack')
        out.made.push({
          type,
          name,
          inputs,
          custom,
          parent: String(request.getParent!()).split('::').slice(2).join(' '),
          dependencies: (request.getDependenciesList!() as string[])
            .map((one) => one.split('::').slice(2).join(' '))
            .sort(),
          version: String(request.getVersion!()),
        });
      const object = Struct.fromJavaScript(custom ? stateOf(type, name, inputs) : {});
      done(
        null,
        answer(messages, 'RegisterResourceResponse', {
          setUrn: urn,
          setId: custom ? `${name}-id` : '',
          setObject: object,
        }),
      );
    },
    registerResourceOutputs: ({ request }, done) => {
      if (String(request.getUrn!()).includes('pulumi:pulumi:Stack')) out.outputs = plain(request.getOutputs!());
      done(null, new Empty());
    },
    signalAndWaitForShutdown: none,
  };
  const engine: Record<string, Handler> = {
    log: ({ request }, done) => {
      // 3: error, as engine.proto numbers severities.
      if (request.getSeverity!() === 3) out.errors.push(String(request.getMessage!()));
      done(null, new Empty());
    },
    getRootResource: (_, done) => done(null, answer(engines, 'GetRootResourceResponse', { setUrn: root })),
    setRootResource: ({ request }, done) => {
      root = String(request.getUrn!());
      done(null, answer(engines, 'SetRootResourceResponse', {}));
    },
    requirePulumiVersion: (_, done) => done(null, answer(engines, 'RequirePulumiVersionResponse', {})),
  };

  const server = new grpc.Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024 });
  server.addService(services.ResourceMonitorService, monitor);
  server.addService(engineServices.EngineService, engine);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  try {
    const address = `127.0.0.1:${port}`;
    // As main.go of pulumi-language-nodejs starts it, with the options of our Pulumi.yaml.
    const args = [
      fromInfra.resolve('@pulumi/pulumi/cmd/run/index.js'),
      `--monitor=${address}`,
      `--engine=${address}`,
      '--organization=acme',
      '--project=pare',
      `--root-directory=${ROOT}`,
      '--stack=test',
      `--pwd=${fileURLToPath(new URL('../../infra/', import.meta.url))}`,
      '--parallel=16',
      '.',
    ];
    const env = {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(config),
      PULUMI_CONFIG_SECRET_KEYS: '[]',
      PULUMI_NODEJS_TYPESCRIPT: 'false',
    };
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] });
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        out.stderr += part;
      });
      child.on('error', reject);
      child.on('close', (code) => {
        out.code = code;
        resolve();
      });
    });
  } finally {
    server.forceShutdown();
  }
  out.made.sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
  return out;
}
