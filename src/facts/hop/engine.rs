//! What database engines demand of their clients when nobody sets the parameter, by engine and major version, and the
//! certificate authorities that have expired. As of 2026-08; a new row comes with a release, there is no clock.

use crate::logic::Tri;

/// An engine with as much of its version as decides: `postgres` 15, `aurora-mysql` 8.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineVersion {
    pub(crate) engine: String,
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

/// Whether and how a server of this engine can demand TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsDemand {
    /// This parameter decides; without it the server demands TLS or not.
    Parameter { name: &'static str, on_by_default: Tri },
    /// No setting makes the server refuse plain connections.
    Never,
    /// Decided where we cannot look, such as an option group.
    CannotSee,
}

const FORCE_SSL: &str = "rds.force_ssl";
const SECURE_TRANSPORT: &str = "require_secure_transport";

impl EngineVersion {
    /// `16.3`, `14`, `8.0.mysql_aurora.3.04.0`, `10.11.6`.
    pub(crate) fn parse(engine: &str, version: &str) -> Option<EngineVersion> {
        let mut parts = version.split('.');
        let major = number(parts.next()?)?;
        let minor = parts.next().map_or(Some(0), number)?;
        Some(EngineVersion { engine: engine.to_owned(), major, minor })
    }

    /// A family of parameter groups: `postgres14`, `aurora-mysql8.0`, `sqlserver-ex-15.0`, `mariadb10.6`.
    pub(crate) fn of_family(family: &str) -> Option<EngineVersion> {
        let digits = family.find(|letter: char| letter.is_ascii_digit())?;
        let engine = family[..digits].trim_end_matches('-');
        EngineVersion::parse(engine, &family[digits..])
    }
}

fn number(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The demand of an engine; `version` where it is known.
pub(crate) fn tls_demand(engine: &str, version: Option<&EngineVersion>) -> Option<TlsDemand> {
    let from = |first: (u32, u32)| match version {
        Some(version) => Tri::from((version.major, version.minor) >= first),
        None => Tri::Unknown,
    };
    let parameter = |name, on_by_default| Some(TlsDemand::Parameter { name, on_by_default });
    match engine {
        "postgres" => parameter(FORCE_SSL, from((15, 0))),
        "aurora-postgresql" => parameter(FORCE_SSL, from((17, 0))),
        "mysql" => parameter(SECURE_TRANSPORT, Tri::False),
        "aurora-mysql" => parameter(SECURE_TRANSPORT, from((8, 4))),
        "mariadb" => match from((10, 5)) {
            Tri::False => Some(TlsDemand::Never),
            Tri::True | Tri::Unknown => parameter(SECURE_TRANSPORT, from((11, 8))),
        },
        engine if engine.starts_with("sqlserver-") => parameter(FORCE_SSL, Tri::False),
        "docdb" => parameter("tls", Tri::True),
        // Which of its two default groups a new cluster gets is AWS's to decide.
        "redshift" => parameter("require_ssl", from((2, 0))),
        engine if engine.starts_with("oracle-") || engine.starts_with("custom-") => Some(TlsDemand::CannotSee),
        _ => None,
    }
}

/// Whether a parameter's text switches on.
pub(crate) fn is_on(text: &str) -> Tri {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" | "enabled" | "tls1.2+" | "tls1.3+" | "fips-140-3" => Tri::True,
        "0" | "false" | "off" | "no" | "disabled" => Tri::False,
        _ => Tri::Unknown,
    }
}

/// Whether a certificate authority of RDS has expired; unknown for names that are not in the table.
pub(crate) fn ca_has_expired(name: &str) -> Tri {
    match name {
        "rds-ca-2010" | "rds-ca-2015" | "rds-ca-2019" => Tri::True,
        "rds-ca-rsa2048-g1" | "rds-ca-rsa4096-g1" | "rds-ca-ecc384-g1" => Tri::False,
        _ => Tri::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{EngineVersion, TlsDemand, ca_has_expired, is_on, tls_demand};
    use crate::logic::Tri;

    fn by_default(engine: &str, version: &str) -> Option<Tri> {
        match tls_demand(engine, EngineVersion::parse(engine, version).as_ref())? {
            TlsDemand::Parameter { on_by_default, .. } => Some(on_by_default),
            TlsDemand::Never => Some(Tri::False),
            TlsDemand::CannotSee => None,
        }
    }

    #[test]
    fn defaults_follow_engine_and_version() {
        for (engine, version, expected) in [
            ("postgres", "14.9", Some(Tri::False)),
            ("postgres", "15", Some(Tri::True)),
            ("aurora-postgresql", "16.2", Some(Tri::False)),
            ("aurora-postgresql", "17.4", Some(Tri::True)),
            ("mysql", "8.4.3", Some(Tri::False)),
            ("aurora-mysql", "8.0.mysql_aurora.3.04.0", Some(Tri::False)),
            ("aurora-mysql", "8.4", Some(Tri::True)),
            ("mariadb", "11.8", Some(Tri::True)),
            ("mariadb", "10.6.14", Some(Tri::False)),
            ("mariadb", "10.3", Some(Tri::False)),
            ("postgres", "", Some(Tri::Unknown)),
            ("oracle-ee", "19", None),
            ("docdb", "5.0.0", Some(Tri::True)),
            ("redshift", "", Some(Tri::Unknown)),
            ("redshift", "1.0", Some(Tri::False)),
            ("redshift", "2.0", Some(Tri::True)),
            ("neptune", "1.2", None),
        ] {
            assert_eq!(by_default(engine, version), expected, "{engine} {version}");
        }
        let old = EngineVersion::parse("mariadb", "10.3");
        assert_eq!(tls_demand("mariadb", old.as_ref()), Some(TlsDemand::Never));
    }

    #[test]
    fn families_name_engine_and_version() {
        let family = EngineVersion::of_family("aurora-postgresql15").expect("a family");
        assert_eq!((family.engine.as_str(), family.major), ("aurora-postgresql", 15));
        let family = EngineVersion::of_family("sqlserver-ex-15.0").expect("a family");
        assert_eq!((family.engine.as_str(), family.major), ("sqlserver-ex", 15));
        assert_eq!(EngineVersion::of_family("postgres"), None);
    }

    #[test]
    fn switches_and_authorities() {
        assert_eq!(is_on("ON"), Tri::True);
        assert_eq!(is_on("0"), Tri::False);
        assert_eq!(is_on("maybe"), Tri::Unknown);
        assert_eq!(ca_has_expired("rds-ca-2019"), Tri::True);
        assert_eq!(ca_has_expired("rds-ca-rsa2048-g1"), Tri::False);
        assert_eq!(ca_has_expired("rds-ca-new"), Tri::Unknown);
    }
}
