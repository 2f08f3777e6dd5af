//! Encryption between client and store, and at rest.

mod certificate;
pub(super) mod connection;
pub(super) mod edges;
mod engine;
pub(super) mod listener;
pub(in crate::facts) mod policy;
mod rest;
mod settings;
mod store;
mod tls_policy;
pub(super) mod to_store;

pub(super) use rest::{encrypted, has_own_key};
pub(super) use store::demands_tls;

use crate::model::data::{AtRest, Bucket, Cache, Certificate, Connection, Database, Disk, Key, LogGroup, Topic, Trail};
use crate::model::image::Stage;
use crate::model::network::Listener;
use crate::model::secret::Secret;

super::facts! {
    Listener {
        /// Whether some request is answered or forwarded over plain HTTP.
        serves_plain_http: Flag = listener::serves_plain_http,
        /// Whether it redirects to a port where nothing speaks HTTPS.
        redirects_to_nowhere: Flag = listener::redirects_to_nowhere,
        speaks_tls: Flag = listener::speaks_tls,
        /// Whether its certificate is uploaded and renewed by hand.
        certificate_by_hand: Flag = listener::certificate_by_hand,
        /// The oldest version of TLS that it accepts: 10 to 13.
        minimum_tls: Number = listener::minimum_tls,
        has_weak_ciphers: Flag = listener::has_weak_ciphers,
        has_post_quantum: Flag = listener::has_post_quantum,
    }
    Database {
        is_aurora: Flag = store::is_aurora,
        /// Whether the server refuses connections without TLS.
        demands_tls: Flag = store::demands_tls,
        /// Whether it does so by the engine's default alone.
        tls_only_by_default: Flag = store::tls_only_by_default,
        /// Whether the authority that signs its certificate has expired.
        ca_expired: Flag = store::ca_expired,
        /// Whether a snapshot of it is kept in clear.
        snapshot_in_clear: Flag = rest::database_snapshot_in_clear,
    }
    Cache {
        /// Whether clients need a password or a user.
        authenticates: Flag = store::authenticates,
    }
    AtRest {
        encrypted: Flag = rest::encrypted,
        has_own_key: Flag = rest::has_own_key,
        /// Whether a key of one's own would not break it.
        can_have_own_key: Flag = rest::can_have_own_key,
    }
    Disk {
        /// Whether it is kept in clear on purpose.
        refuses_encryption: Flag = rest::refuses_encryption,
        /// Whether a snapshot of it is kept in clear.
        snapshot_in_clear: Flag = rest::disk_snapshot_in_clear,
    }
    Connection {
        /// Whether it says how TLS is to be used.
        names_mode: Flag = connection::names_mode,
        /// Whether TLS is used without a look at who answers.
        encrypts_unverified: Flag = connection::encrypts_unverified,
        /// Whether the server refuses it, for want of TLS.
        is_refused: Flag = connection::is_refused,
        /// Whether it asks for no TLS to a database, or for it only where the server insists.
        is_clear: Flag = connection::is_clear,
        /// Whether the file of the authorities that it trusts is in the image of its container.
        root_file_in_image: Flag = connection::root_file_in_image,
        /// Whether it asks for TLS of a cache that has none.
        expects_tls_of_plain_cache: Flag = connection::expects_tls_of_plain_cache,
        /// Whether it speaks plain text to a cache that takes TLS alone.
        is_plain_to_tls_cache: Flag = connection::is_plain_to_tls_cache,
    }
    Key {
        /// Whether its policy lets everyone use it.
        open_to_everyone: Flag = policy::key_open_to_everyone,
    }
    Certificate {
        /// Whether the body that is written here has ended, by the date of the tables.
        is_expired: Flag = certificate::is_expired,
        /// Whether its RSA key has fewer than 2048 bits.
        key_is_short: Flag = certificate::key_is_short,
    }
    Stage {
        /// Whether it makes a certificate that is good for more than 825 days.
        makes_long_certificate: Flag = certificate::makes_long_certificate,
    }
    Secret {
        /// Whether its policy lets another account read it.
        shared_across_accounts: Flag = policy::shared_across_accounts,
        /// Whether its key is one's own.
        has_own_key: Flag = policy::secret_has_own_key,
    }
    Topic {
        /// Whether the policy of its key admits the services that publish here; true where none is seen.
        key_admits_services: Flag = policy::key_admits_services,
    }
    LogGroup {
        /// Whether the policy of its key admits CloudWatch Logs.
        key_admits_logs: Flag = policy::key_admits_logs,
    }
    Trail {
        /// Whether everyone can read the bucket that it writes to.
        bucket_is_public: Flag = policy::bucket_is_public,
    }
    Bucket {
        /// Whether requests without TLS are refused.
        refuses_plain: Flag = policy::refuses_plain,
        readable_by_everyone: Flag = policy::readable_by_everyone,
        writable_by_everyone: Flag = policy::writable_by_everyone,
        /// The type of the load balancers that write their logs here.
        receives_lb_logs: Word["application", "classic", "network", "none"] = rest::receives_lb_logs,
        /// Whether access logs of buckets or load balancers arrive here.
        receives_access_logs: Flag = rest::receives_access_logs,
        /// Whether its encryption keeps a load balancer from writing logs.
        refuses_lb_logs: Flag = rest::refuses_lb_logs,
        /// Whether neither a policy nor an ACL can make it public.
        blocks_public_access: Flag = rest::blocks_public_access,
        /// Whether only AWS's default for new buckets keeps it closed.
        relies_on_default_block: Flag = rest::relies_on_default_block,
        /// Whether an ACL opens it to everyone or to every account.
        acl_is_open: Flag = rest::acl_is_open,
        /// Whether such an ACL is only kept moot by a switch.
        acl_is_masked: Flag = rest::acl_is_masked,
        /// Whether ACLs still count.
        acls_are_on: Flag = rest::acls_are_on,
        /// Whether old versions of its objects stay.
        is_versioned: Flag = rest::is_versioned,
        /// Whether its access logs go to some bucket, declared here or not.
        is_logged_elsewhere: Flag = rest::is_logged_elsewhere,
    }
}
