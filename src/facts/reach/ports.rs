//! Ports that matter by what usually listens there. As of 2026-08.

/// Remote shells and desktops.
pub(super) const ADMIN: [i64; 2] = [22, 3389];

/// Services that expect a closed network: databases, caches, brokers, consoles, file shares.
pub(super) const SENSITIVE: [(i64, &str); 32] = [
    (20, "FTP"),
    (21, "FTP"),
    (23, "Telnet"),
    (25, "SMTP"),
    (110, "POP3"),
    (111, "RPC"),
    (135, "Windows RPC"),
    (137, "NetBIOS"),
    (139, "NetBIOS"),
    (143, "IMAP"),
    (389, "LDAP"),
    (445, "SMB"),
    (636, "LDAP"),
    (873, "rsync"),
    (1433, "SQL Server"),
    (1434, "SQL Server"),
    (1521, "Oracle"),
    (2049, "NFS"),
    (2375, "the Docker API"),
    (2376, "the Docker API"),
    (2379, "etcd"),
    (2383, "SQL Server Analysis Services"),
    (3306, "MySQL"),
    (4333, "mSQL"),
    (5432, "PostgreSQL"),
    (5601, "Kibana"),
    (5900, "VNC"),
    (6379, "Redis"),
    (9042, "Cassandra"),
    (9200, "Elasticsearch"),
    (11211, "memcached"),
    (27017, "MongoDB"),
];
