#!/usr/bin/env node
console.error('pare: the command is not built yet');
