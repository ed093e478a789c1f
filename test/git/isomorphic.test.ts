import { openIsomorphic } from '../../bot/git/isomorphic.ts';
import { gitContract } from './contract.ts';

gitContract('without a git binary', openIsomorphic);
