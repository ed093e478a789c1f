// Which rules fit a filter. Pure: tests import this file as it is.

/** Lower-case words of a rule that the search looks in; made once. */
export function searchText(rule, group) {
  return [
    rule.rule,
    rule.id,
    rule.text,
    ...rule.instead,
    group.id,
    group.name,
    group.account,
    group.region,
    group.vpc ?? '',
    group.team ?? '',
    rule.desc ?? '',
    rule.reason,
    rule.detail,
    rule.dir,
    ...group.interfaces,
    ...rule.use.peers.map((peer) => peer[0]),
  ]
    .join(' ')
    .toLowerCase();
}

export const NO_FILTER = {
  words: [],
  actions: null,
  direction: '',
  protocol: '',
  port: null,
  account: '',
  least: null,
  most: null,
};

/** True when a rule fits. `port`: the rule allows it; rules of all protocols allow every port. */
export function fits(rule, group, filter) {
  if (filter.actions !== null && !filter.actions.has(rule.action)) return false;
  if (filter.direction !== '' && rule.dir !== filter.direction) return false;
  if (filter.protocol !== '' && rule.proto !== filter.protocol) return false;
  if (filter.account !== '' && group.account !== filter.account) return false;
  if (filter.least !== null && rule.use.flows < filter.least) return false;
  if (filter.most !== null && rule.use.flows > filter.most) return false;
  if (filter.port !== null && !allowsPort(rule, filter.port)) return false;
  return filter.words.every((word) => rule.words.includes(word));
}

function allowsPort(rule, port) {
  if (rule.proto === '-1') return true;
  if (rule.proto !== 'tcp' && rule.proto !== 'udp') return false;
  return rule.from === null || (rule.from <= port && port <= rule.to);
}
