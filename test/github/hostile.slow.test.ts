import { CORPUS } from './hostile.ts';
import { hostileSuite } from './hostile-app.ts';

hostileSuite(CORPUS);
