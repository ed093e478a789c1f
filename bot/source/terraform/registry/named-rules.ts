/**
 * Names that terraform-aws-modules/security-group gives to ports, as `name:port:protocol` or `name:from:to:protocol`. Facts of its
 * documentation (version 5); a name that is not here makes a rule whose ports are not known.
 */
const NAMED = `
activemq-5671-tcp:5671:tcp activemq-8883-tcp:8883:tcp activemq-61614-tcp:61614:tcp activemq-61617-tcp:61617:tcp
activemq-61619-tcp:61619:tcp alertmanager-9093-tcp:9093:tcp alertmanager-9094-tcp:9094:tcp carbon-line-in-tcp:2003:tcp
carbon-line-in-udp:2003:udp carbon-pickle-tcp:2013:tcp carbon-pickle-udp:2013:udp carbon-admin-tcp:2004:tcp
carbon-gui-udp:8081:tcp cassandra-clients-tcp:9042:tcp cassandra-thrift-clients-tcp:9160:tcp cassandra-jmx-tcp:7199:tcp
consul-tcp:8300:tcp consul-grpc-tcp:8502:tcp consul-grpc-tcp-tls:8503:tcp consul-webui-http-tcp:8500:tcp
consul-webui-https-tcp:8501:tcp consul-dns-tcp:8600:tcp consul-dns-udp:8600:udp consul-serf-lan-tcp:8301:tcp
consul-serf-lan-udp:8301:udp consul-serf-wan-tcp:8302:tcp consul-serf-wan-udp:8302:udp dax-cluster-unencrypted-tcp:8111:tcp
dax-cluster-encrypted-tcp:9111:tcp docker-swarm-mngmt-tcp:2377:tcp docker-swarm-node-tcp:7946:tcp docker-swarm-node-udp:7946:udp
docker-swarm-overlay-udp:4789:udp dns-udp:53:udp dns-tcp:53:tcp etcd-client-tcp:2379:tcp etcd-peer-tcp:2380:tcp ntp-udp:123:udp
elasticsearch-rest-tcp:9200:tcp elasticsearch-java-tcp:9300:tcp grafana-tcp:3000:tcp graphite-webui:80:tcp
graphite-2003-tcp:2003:tcp graphite-2004-tcp:2004:tcp graphite-2023-tcp:2023:tcp graphite-2024-tcp:2024:tcp
graphite-8080-tcp:8080:tcp graphite-8125-tcp:8125:tcp graphite-8125-udp:8125:udp graphite-8126-tcp:8126:tcp http-80-tcp:80:tcp
http-8080-tcp:8080:tcp https-443-tcp:443:tcp https-8443-tcp:8443:tcp ipsec-500-udp:500:udp ipsec-4500-udp:4500:udp
kafka-broker-tcp:9092:tcp kafka-broker-tls-tcp:9094:tcp kafka-broker-tls-public-tcp:9194:tcp
kafka-broker-sasl-scram-tcp:9096:tcp kafka-broker-sasl-scram-public-tcp:9196:tcp kafka-broker-sasl-iam-tcp:9098:tcp
kafka-broker-sasl-iam-public-tcp:9198:tcp kafka-jmx-exporter-tcp:11001:tcp kafka-node-exporter-tcp:11002:tcp kibana-tcp:5601:tcp
kubernetes-api-tcp:6443:tcp ldap-tcp:389:tcp ldaps-tcp:636:tcp logstash-tcp:5044:tcp loki-grafana:3100:tcp
loki-grafana-grpc:9095:tcp memcached-tcp:11211:tcp minio-tcp:9000:tcp mongodb-27017-tcp:27017:tcp mongodb-27018-tcp:27018:tcp
mongodb-27019-tcp:27019:tcp mysql-tcp:3306:tcp mssql-tcp:1433:tcp mssql-udp:1434:udp mssql-analytics-tcp:2383:tcp
mssql-broker-tcp:4022:tcp nfs-tcp:2049:tcp nomad-http-tcp:4646:tcp nomad-rpc-tcp:4647:tcp nomad-serf-tcp:4648:tcp
nomad-serf-udp:4648:udp openvpn-udp:1194:udp openvpn-tcp:943:tcp openvpn-https-tcp:443:tcp postgresql-tcp:5432:tcp
puppet-tcp:8140:tcp puppetdb-tcp:8081:tcp prometheus-http-tcp:9090:tcp prometheus-pushgateway-http-tcp:9091:tcp
prometheus-node-exporter-http-tcp:9100:tcp promtail-http:9080:tcp oracle-db-tcp:1521:tcp octopus-tentacle-tcp:10933:tcp
rabbitmq-4369-tcp:4369:tcp rabbitmq-5671-tcp:5671:tcp rabbitmq-5672-tcp:5672:tcp rabbitmq-15672-tcp:15672:tcp
rabbitmq-25672-tcp:25672:tcp rdp-tcp:3389:tcp rdp-udp:3389:udp redis-tcp:6379:tcp redshift-tcp:5439:tcp
saltstack-tcp:4505:4506:tcp smtp-tcp:25:tcp smtp-submission-587-tcp:587:tcp smtp-submission-2587-tcp:2587:tcp
smtps-465-tcp:465:tcp smtps-2456-tcp:2465:tcp solr-tcp:8983:8987:tcp splunk-indexer-tcp:9997:tcp splunk-web-tcp:8000:tcp
splunk-splunkd-tcp:8089:tcp splunk-hec-tcp:8088:tcp squid-proxy-tcp:3128:tcp ssh-tcp:22:tcp storm-nimbus-tcp:6627:tcp
storm-ui-tcp:8080:tcp storm-supervisor-tcp:6700:6703:tcp vault-tcp:8200:tcp wazuh-server-agent-connection-tcp:1514:tcp
wazuh-server-agent-connection-udp:1514:udp wazuh-server-agent-enrollment:1515:tcp wazuh-server-agent-cluster-daemon:1516:tcp
wazuh-server-syslog-collector-tcp:514:tcp wazuh-server-syslog-collector-udp:514:udp wazuh-server-restful-api:55000:tcp
wazuh-indexer-restful-api:9200:tcp wazuh-dashboard:443:tcp web-jmx-tcp:1099:tcp winrm-http-tcp:5985:tcp winrm-https-tcp:5986:tcp
zabbix-server:10051:tcp zabbix-proxy:10051:tcp zabbix-agent:10050:tcp zipkin-admin-tcp:9990:tcp zipkin-admin-query-tcp:9901:tcp
zipkin-admin-web-tcp:9991:tcp zipkin-query-tcp:9411:tcp zipkin-web-tcp:8080:tcp zookeeper-2181-tcp:2181:tcp
zookeeper-2182-tls-tcp:2182:tcp zookeeper-2888-tcp:2888:tcp zookeeper-3888-tcp:3888:tcp zookeeper-jmx-tcp:7199:tcp all-all:-1:-1
all-tcp:0:65535:tcp all-udp:0:65535:udp all-icmp:-1:icmp
`;

/** As the module's variable `rules` holds them: name to [from, to, protocol]. */
export function namedRules(): string {
  const entries = NAMED.trim()
    .split(/\s+/)
    .map((text) => {
      const [name = '', from = '', ...rest] = text.split(':');
      const [to, protocol] = rest.length > 1 ? rest : [from, rest[0]];
      return `    "${name}" = [${from}, ${to}, "${protocol}"]`;
    });
  return `{\n${entries.join('\n')}\n  }`;
}
