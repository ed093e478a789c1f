import module from 'node:module';

// Stripped and compiled code is kept between runs for each thread's sake too; a thread must ask for it before it imports anything.
module.enableCompileCache?.();
await import('./worker.ts');
