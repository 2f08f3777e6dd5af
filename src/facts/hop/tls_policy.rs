//! The names of a load balancer's security policies, parsed instead of listed: what they accept follows from the
//! parts of the name.

/// What a policy of a TLS listener accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TlsPolicy {
    /// 10 to 13, for TLS 1.0 to 1.3.
    pub(crate) minimum: i64,
    /// Ciphers without forward secrecy or authenticated encryption are kept for old clients.
    pub(crate) has_weak_ciphers: bool,
    pub(crate) has_post_quantum: bool,
}

impl TlsPolicy {
    /// Nothing for a name of a form that is not known.
    pub(crate) fn parse(name: &str) -> Option<TlsPolicy> {
        let rest = name.strip_prefix("ELBSecurityPolicy-")?;
        let tokens: Vec<&str> = rest.split('-').collect();
        let minimum = match tokens.as_slice() {
            ["TLS13" | "TLS" | "FS", "1", minor, ..] => minor_version(minor)?,
            ["FS", "2018", "06"] | ["2016", "08"] | ["2015", "05"] | ["Default"] => 10,
            _ => return None,
        };
        Some(TlsPolicy {
            minimum,
            has_weak_ciphers: tokens.iter().any(|token| matches!(*token, "Ext" | "Ext0" | "Ext1" | "Ext2")),
            has_post_quantum: tokens.contains(&"PQ"),
        })
    }
}

fn minor_version(text: &str) -> Option<i64> {
    match text {
        "0" => Some(10),
        "1" => Some(11),
        "2" => Some(12),
        "3" => Some(13),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::TlsPolicy;

    #[test]
    fn names_say_what_is_accepted() {
        for (name, minimum) in [
            ("TLS13-1-2-2021-06", Some(12)),
            ("TLS13-1-2-Res-PQ-2025-09", Some(12)),
            ("FS-1-2-Res-2020-10", Some(12)),
            ("TLS13-1-3-2021-06", Some(13)),
            ("TLS13-1-0-2021-06", Some(10)),
            ("FS-2018-06", Some(10)),
            ("TLS-1-1-2017-01", Some(11)),
            ("2016-08", Some(10)),
            ("Foo", None),
            ("TLS13-1-9-2030-01", None),
        ] {
            let policy = TlsPolicy::parse(&format!("ELBSecurityPolicy-{name}"));
            assert_eq!(policy.map(|policy| policy.minimum), minimum, "{name}");
        }
        assert_eq!(TlsPolicy::parse("TLS13-1-2-2021-06"), None);
    }

    #[test]
    fn extended_ciphers_and_post_quantum() {
        let policy = |name: &str| TlsPolicy::parse(name).expect(name);
        assert!(policy("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06").has_weak_ciphers);
        assert!(!policy("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04").has_weak_ciphers);
        assert!(policy("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09").has_post_quantum);
    }
}
