//! What faces the web: distributions and their origins, web ACLs, zones and records of names.

use super::data::Bucket;
use super::entities;
use super::network::LoadBalancer;

entities! { in web;
    /// A CloudFront distribution.
    Distribution "distribution" distributions {
        enabled: Flag,
        web_acl: One<WebAcl>,
        origins: Many<DistributionOrigin>,
    }

    /// Where a distribution fetches what it serves.
    DistributionOrigin "distribution_origin" distribution_origins {
        domain: Text,
        /// What the domain's name stands for.
        kind: Word["bucket", "website", "other"],
        /// Whether the distribution signs its requests, so that the bucket can tell it from others.
        signs_requests: Flag = false,
        bucket: One<Bucket>,
        distribution: One<Distribution>,
    }

    /// A web application firewall's list of rules.
    WebAcl "web_acl" web_acls {
        /// Whether it is of the first generation, which has no managed rules of AWS.
        is_classic: Flag = false,
        /// Whether requests that it looks at are logged somewhere.
        logged: Flag = false,
        load_balancers: Many<LoadBalancer>,
        rules: Many<WebAclRule>,
    }

    /// One rule of a web ACL or of a group of rules.
    WebAclRule "web_acl_rule" web_acl_rules {
        /// Whether it says what becomes of a request that it matches.
        decides: Flag,
        /// The group of rules kept by somebody else that it brings in: `AWSManagedRulesCommonRuleSet`.
        managed_group: Text,
        /// Whether the group's decisions are only counted.
        only_counts: Flag = false,
        web_acl: One<WebAcl>,
    }

    /// A zone of names that Route 53 answers for.
    HostedZone "hosted_zone" hosted_zones {
        name: Text,
        /// Whether only networks of one's own ask it.
        is_private: Flag = false,
        /// Whether the questions that it is asked are logged.
        logs_queries: Flag = false,
    }

    /// A name and where it leads to.
    Record "record" records {
        name: Text,
        kind as "type": Text,
        /// Addresses or names, that of an alias included.
        targets: Texts,
        hosted_zone: One<HostedZone>,
    }
}
