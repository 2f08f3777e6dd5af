//! Which attributes of a resource identify it, and what their texts look like. The one list of both: lowering draws
//! edges from it, equality and text comparisons decide with it.

use super::Reference;

/// A stretch of the text behind a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapePart {
    Literal(&'static str),
    /// Partition, account, region, or what the provider makes up.
    Anything,
    /// The value of another attribute of the same resource.
    Attribute(&'static str),
}

struct Row {
    of: &'static str,
    /// Attributes in one group hold one and the same text; the first names the group.
    groups: &'static [&'static [&'static str]],
    shapes: &'static [(&'static str, &'static [ShapePart])],
}

const ANY: ShapePart = ShapePart::Anything;

const fn lit(text: &'static str) -> ShapePart {
    ShapePart::Literal(text)
}

/// Sorted by type.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { of: "aws_acm_certificate", groups: &[&["arn", "id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":acm:"), ANY, lit(":certificate/"), ANY])] },
    Row { of: "aws_cloudfront_distribution", groups: &[&["id"], &["arn"], &["domain_name"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":cloudfront::"), ANY, lit(":distribution/"), ANY])] },
    Row { of: "aws_cloudwatch_log_group", groups: &[&["name", "id"], &["arn"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":logs:"), ANY, lit(":log-group:"), ShapePart::Attribute("name")])] },
    Row { of: "aws_db_instance", groups: &[&["identifier"], &["id"], &["arn"], &["address"], &["endpoint"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":rds:"), ANY, lit(":db:"), ANY])] },
    Row { of: "aws_db_parameter_group", groups: &[&["name", "id"], &["arn"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":rds:"), ANY, lit(":pg:"), ANY])] },
    Row { of: "aws_db_subnet_group", groups: &[&["name", "id"], &["arn"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":rds:"), ANY, lit(":subgrp:"), ANY])] },
    Row { of: "aws_ecr_repository", groups: &[&["name", "id"], &["arn"], &["repository_url"]], shapes: &[
        ("arn", &[lit("arn:"), ANY, lit(":ecr:"), ANY, lit(":repository/"), ShapePart::Attribute("name")]),
        ("repository_url", &[ANY, lit(".dkr.ecr."), ANY, lit(".amazonaws.com"), ANY, lit("/"), ShapePart::Attribute("name")]),
    ] },
    Row { of: "aws_ecs_cluster", groups: &[&["arn", "id"], &["name"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":ecs:"), ANY, lit(":cluster/"), ShapePart::Attribute("name")])] },
    Row { of: "aws_ecs_service", groups: &[&["id", "arn"], &["name"]], shapes: &[("id", &[lit("arn:"), ANY, lit(":ecs:"), ANY, lit(":service/"), ANY])] },
    Row { of: "aws_ecs_task_definition", groups: &[&["arn"], &["arn_without_revision"], &["family", "id"]], shapes: &[
        ("arn", &[lit("arn:"), ANY, lit(":ecs:"), ANY, lit(":task-definition/"), ANY]),
        ("arn_without_revision", &[lit("arn:"), ANY, lit(":ecs:"), ANY, lit(":task-definition/"), ANY]),
    ] },
    Row { of: "aws_elasticache_replication_group", groups: &[&["id", "replication_group_id"], &["arn"], &["primary_endpoint_address"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":elasticache:"), ANY])] },
    Row { of: "aws_iam_group", groups: &[&["name", "id"], &["arn"], &["unique_id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":iam::"), ANY, lit(":group"), ANY])] },
    Row { of: "aws_iam_instance_profile", groups: &[&["name", "id"], &["arn"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":iam::"), ANY, lit(":instance-profile"), ANY])] },
    Row { of: "aws_iam_openid_connect_provider", groups: &[&["arn", "id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":iam::"), ANY, lit(":oidc-provider/"), ANY])] },
    Row { of: "aws_iam_policy", groups: &[&["arn", "id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":iam::"), ANY, lit(":policy"), ANY])] },
    Row { of: "aws_iam_role", groups: &[&["name", "id"], &["arn"], &["unique_id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":iam::"), ANY, lit(":role"), ShapePart::Attribute("path"), ShapePart::Attribute("name")])] },
    Row { of: "aws_iam_user", groups: &[&["name", "id"], &["arn"], &["unique_id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":iam::"), ANY, lit(":user"), ANY])] },
    Row { of: "aws_instance", groups: &[&["id"], &["arn"]], shapes: &[("id", &[lit("i-"), ANY]), ("arn", &[lit("arn:"), ANY, lit(":ec2:"), ANY, lit(":instance/i-"), ANY])] },
    Row { of: "aws_internet_gateway", groups: &[&["id"]], shapes: &[("id", &[lit("igw-"), ANY])] },
    Row { of: "aws_kms_alias", groups: &[&["name", "id"], &["arn"]], shapes: &[("name", &[lit("alias/"), ANY]), ("arn", &[lit("arn:"), ANY, lit(":kms:"), ANY, lit(":alias/"), ANY])] },
    Row { of: "aws_kms_key", groups: &[&["key_id", "id"], &["arn"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":kms:"), ANY, lit(":key/"), ANY])] },
    Row { of: "aws_lb", groups: &[&["arn", "id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":elasticloadbalancing:"), ANY, lit(":loadbalancer/"), ANY])] },
    Row { of: "aws_lb_listener", groups: &[&["arn", "id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":elasticloadbalancing:"), ANY, lit(":listener/"), ANY])] },
    Row { of: "aws_lb_target_group", groups: &[&["arn", "id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":elasticloadbalancing:"), ANY, lit(":targetgroup/"), ANY])] },
    Row { of: "aws_nat_gateway", groups: &[&["id"]], shapes: &[("id", &[lit("nat-"), ANY])] },
    Row { of: "aws_rds_cluster", groups: &[&["cluster_identifier", "id"], &["arn"], &["endpoint"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":rds:"), ANY, lit(":cluster:"), ANY])] },
    Row { of: "aws_route_table", groups: &[&["id"]], shapes: &[("id", &[lit("rtb-"), ANY])] },
    Row { of: "aws_s3_bucket", groups: &[&["bucket", "id"], &["arn"], &["bucket_domain_name"], &["bucket_regional_domain_name"]], shapes: &[
        ("arn", &[lit("arn:"), ANY, lit(":s3:::"), ShapePart::Attribute("bucket")]),
        ("bucket_domain_name", &[ShapePart::Attribute("bucket"), lit(".s3."), ANY]),
        ("bucket_regional_domain_name", &[ShapePart::Attribute("bucket"), lit(".s3."), ANY]),
    ] },
    Row { of: "aws_secretsmanager_secret", groups: &[&["arn", "id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":secretsmanager:"), ANY, lit(":secret:"), ANY])] },
    Row { of: "aws_security_group", groups: &[&["id"], &["arn"]], shapes: &[("id", &[lit("sg-"), ANY]), ("arn", &[lit("arn:"), ANY, lit(":ec2:"), ANY, lit(":security-group/sg-"), ANY])] },
    Row { of: "aws_sns_topic", groups: &[&["arn", "id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":sns:"), ANY])] },
    Row { of: "aws_sqs_queue", groups: &[&["url", "id"], &["arn"]], shapes: &[("url", &[lit("https://"), ANY]), ("arn", &[lit("arn:"), ANY, lit(":sqs:"), ANY])] },
    Row { of: "aws_ssm_parameter", groups: &[&["name", "id"], &["arn"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":ssm:"), ANY, lit(":parameter"), ANY])] },
    Row { of: "aws_subnet", groups: &[&["id"], &["arn"]], shapes: &[("id", &[lit("subnet-"), ANY]), ("arn", &[lit("arn:"), ANY, lit(":ec2:"), ANY, lit(":subnet/subnet-"), ANY])] },
    Row { of: "aws_vpc", groups: &[&["id"], &["arn"]], shapes: &[("id", &[lit("vpc-"), ANY]), ("arn", &[lit("arn:"), ANY, lit(":ec2:"), ANY, lit(":vpc/vpc-"), ANY])] },
    Row { of: "aws_vpc_endpoint", groups: &[&["id"]], shapes: &[("id", &[lit("vpce-"), ANY])] },
    Row { of: "aws_wafv2_web_acl", groups: &[&["arn"], &["id"]], shapes: &[("arn", &[lit("arn:"), ANY, lit(":wafv2:"), ANY])] },
];

fn row(of: &str) -> Option<&'static Row> {
    ROWS.binary_search_by(|row| row.of.cmp(of)).ok().map(|index| &ROWS[index])
}

/// The type in an address (`module.net["a"].aws_subnet.app[0]`) and whether it is a data source.
pub fn resource_type(address: &str) -> Option<(&str, bool)> {
    let words = words_of(address);
    let [.., kind, _] = words[..] else { return None };
    let is_data = words.len() >= 3 && words[words.len() - 3] == "data";
    (kind != "module").then_some((kind, is_data))
}

/// The words of an address without instance keys.
fn words_of(address: &str) -> Vec<&str> {
    let (mut words, mut start, mut in_key, mut in_quotes) = (Vec::new(), 0, false, false);
    let mut end = None;
    let bytes = address.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_quotes => at += 1,
            b'"' if in_key => in_quotes = !in_quotes,
            b'[' if !in_quotes => {
                end.get_or_insert(at);
                in_key = true;
            }
            b']' if !in_quotes => in_key = false,
            b'.' if !in_key => {
                words.push(&address[start..end.take().unwrap_or(at)]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    words.push(&address[start..end.unwrap_or(address.len())]);
    words
}

/// The first name of the group that an identifying attribute belongs to (`arn` for the `id` of a load balancer);
/// nothing for attributes that do not identify.
pub fn canonical_path(reference: &Reference) -> Option<&'static str> {
    let (kind, _) = resource_type(&reference.address)?;
    let group = row(kind)?.groups.iter().find(|group| group.contains(&&*reference.path))?;
    group.first().copied()
}

/// Identity references are never null and never empty.
pub fn is_identity(reference: &Reference) -> bool {
    canonical_path(reference).is_some()
}

/// What the text of a reference looks like; one open part if nothing is known of it.
pub fn shape(reference: &Reference) -> &'static [ShapePart] {
    let Some((kind, _)) = resource_type(&reference.address) else { return &[ANY] };
    let Some(row) = row(kind) else { return &[ANY] };
    let path = canonical_path(reference).unwrap_or(&reference.path);
    row.shapes.iter().find(|(attribute, _)| *attribute == path).map_or(&[ANY], |(_, parts)| parts)
}

#[cfg(test)]
mod tests {
    use super::{ROWS, Reference, canonical_path, resource_type};

    #[test]
    fn rows_are_sorted_and_shapes_belong_to_groups() {
        assert!(ROWS.windows(2).all(|pair| pair[0].of < pair[1].of));
        for row in ROWS {
            for (attribute, _) in row.shapes {
                assert!(row.groups.iter().any(|group| group.first() == Some(attribute)), "{} {attribute}", row.of);
            }
        }
    }

    #[test]
    fn reads_types_out_of_addresses() {
        let of = resource_type;
        assert_eq!(of("aws_vpc.main"), Some(("aws_vpc", false)));
        assert_eq!(of(r#"module.net["a.b[\"]"].aws_subnet.app[0]"#), Some(("aws_subnet", false)));
        assert_eq!(of("module.x[0].data.aws_vpc.main"), Some(("aws_vpc", true)));
        assert_eq!(of("module.x"), None);
    }

    #[test]
    fn one_text_under_two_names() {
        let path =
            |path: &str| canonical_path(&Reference { root: "".into(), address: "aws_lb.a".into(), path: path.into() });
        assert_eq!(path("id"), Some("arn"));
        assert_eq!(path("dns_name"), None);
    }
}
