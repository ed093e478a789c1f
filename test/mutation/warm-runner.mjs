import { readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';

/** Where Stryker's instrumentation looks. */
function namespace() {
  globalThis.__stryker__ ??= {};
  return globalThis.__stryker__;
}

/**
 * A test runner for Stryker that keeps one process warm: the suites of the pure core are loaded once, and each mutant is a variable that
 * Stryker's instrumentation reads. vitest, which loads everything anew for each mutant, took some 2 s for each; this takes what the tests
 * take. Mutants of code that runs on import get the modules anew, under another address.
 */
class WarmRunner {
  static inject = ['options'];
  #root;
  #folders;
  #without;
  #generation = 0;
  #tests = [];
  #took = new Map();
  #kills = new Map();

  constructor(options) {
    this.#root = process.cwd();
    this.#folders = options.warm?.folders ?? ['test/model', 'test/usage', 'test/advice', 'test/policy'];
    this.#without = options.warm?.without ? new RegExp(options.warm.without) : null;
    // The examples of test/setup.ts, and no shrinking: that a property fails is all that counts here.
    fc.configureGlobal({ seed: 20261001, endOnFailure: true });
    registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === 'vitest')
          return {
            url: this.#stamped(pathToFileURL(path.join(this.#root, 'test/mutation/vitest-shim.ts')).href),
            shortCircuit: true,
          };
        // The workspace's name leads through node_modules to the code that is not mutated.
        const own = specifier.startsWith('@pare/')
          ? pathToFileURL(path.join(this.#root, specifier.slice(6))).href
          : specifier;
        const found = next(own, context);
        return found.url.startsWith('file:') && !found.url.includes('/node_modules/') && /\.ts$/.test(found.url)
          ? { ...found, url: this.#stamped(found.url) }
          : found;
      },
    });
  }

  #stamped(url) {
    return `${url}?generation=${this.#generation}`;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  /** Of a folder, all its suites. */
  #files(suite) {
    if (suite.endsWith('.test.ts')) return [suite];
    const names = readdirSync(path.join(this.#root, suite)).filter((name) => name.endsWith('.test.ts'));
    return names.sort().map((name) => path.join(suite, name));
  }

  async #load() {
    this.#generation += 1;
    const shim = await import(this.#stamped(pathToFileURL(path.join(this.#root, 'test/mutation/vitest-shim.ts')).href));
    for (const file of this.#folders.flatMap((suite) => this.#files(suite))) {
      await import(this.#stamped(pathToFileURL(path.join(this.#root, file)).href));
    }
    this.#tests = shim.collected.filter((test) => !this.#without?.test(test.name));
  }

  async dryRun() {
    const ns = namespace();
    ns.activeMutant = undefined;
    ns.currentTestId = undefined;
    ns.mutantCoverage = { static: {}, perTest: {} };
    try {
      await this.#load();
    } catch (error) {
      return { status: 'error', errorMessage: String(error?.stack ?? error) };
    }
    const tests = [];
    for (const test of this.#tests) {
      ns.currentTestId = test.name;
      const begin = performance.now();
      let failure = null;
      try {
        await test.run();
      } catch (error) {
        failure = error;
      }
      const shared = { id: test.name, name: test.name, timeSpentMs: performance.now() - begin };
      tests.push(
        failure === null
          ? { ...shared, status: 0 }
          : { ...shared, status: 1, failureMessage: String(failure?.message ?? failure) },
      );
    }
    ns.currentTestId = undefined;
    this.#took = new Map(tests.map((t) => [t.name, t.timeSpentMs]));
    return { status: 'complete', tests, mutantCoverage: ns.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation, reloadEnvironment }) {
    const ns = namespace();
    ns.mutantCoverage = undefined;
    // Stryker allows a hundred times the hits of the first run; ten times is enough to know an endless loop, and much sooner.
    ns.hitLimit = hitLimit === undefined ? undefined : Math.ceil(hitLimit / 10) + 10_000;
    ns.hitCount = hitLimit === undefined ? undefined : 0;
    ns.activeMutant = mutantActivation === 'static' ? activeMutant.id : undefined;
    if (reloadEnvironment || this.#tests.length === 0) {
      try {
        await this.#load();
      } catch (error) {
        return this.#killed(['(import)'], 1, error, ns);
      }
    }
    ns.activeMutant = activeMutant.id;
    const wanted = testFilter === undefined ? [...this.#tests] : this.#tests.filter((t) => testFilter.includes(t.name));
    // The quick ones first, and those that have found mutants: most mutants die in them.
    const rank = new Map(
      wanted.map((t) => [t, ((this.#took.get(t.name) ?? 0) + 0.05) / (1 + (this.#kills.get(t.name) ?? 0))]),
    );
    wanted.sort((a, b) => rank.get(a) - rank.get(b));
    let ran = 0;
    for (const test of wanted) {
      ran += 1;
      try {
        await test.run();
      } catch (error) {
        this.#kills.set(test.name, (this.#kills.get(test.name) ?? 0) + 1);
        return this.#killed([test.name], ran, error, ns);
      }
    }
    ns.activeMutant = undefined;
    return { status: 'survived', nrOfTests: ran };
  }

  #killed(killedBy, nrOfTests, error, ns) {
    ns.activeMutant = undefined;
    if (ns.hitLimit !== undefined && ns.hitCount > ns.hitLimit)
      return { status: 'timeout', reason: `hit limit ${ns.hitLimit}` };
    return { status: 'killed', killedBy, nrOfTests, failureMessage: String(error?.message ?? error).slice(0, 400) };
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'warm', injectableClass: WarmRunner }];
export const strykerValidationSchema = { properties: { warm: { type: 'object' } } };
