/** What the tests need of the SDK: it is installed for this workspace alone, so that nothing else can load it. */
export { all, runtime } from '@pulumi/pulumi';
