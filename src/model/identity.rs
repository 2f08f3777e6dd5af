//! Who may do what: policies, statements, roles, users, groups, identity providers. What a policy grants is decided in
//! `facts::permit`, whom a trust admits in `facts::trust`.

use super::workload::Task;
use super::{entities, views};

entities! { in identity;
    /// A policy document where it is used.
    Policy "policy" policies {
        kind: Word["identity", "boundary", "session", "trust", "resource", "endpoint"],
        /// The service whose resource carries it: `s3`, `kms`; empty for policies of principals.
        attached_to: Text,
        version: Text = "2008-10-17",
        /// Characters without white space, where all of it is known.
        size: Number,
        /// The document as it is written.
        document: Raw,
        statements: Many<Statement>,
    }

    /// A policy as a resource carries it: who may use the resource.
    ResourcePolicy "resource_policy" resource_policies {
        /// What carries it.
        kind: Word["api", "bucket", "catalog", "file_system", "key", "log_destination", "log_group", "mail", "queue",
            "repository", "search_domain", "secret", "topic", "vault"],
        /// Whether only networks of one's own reach the resource, whoever the policy lets in.
        is_private: Flag = false,
        policy: One<Policy>,
    }

    /// One member of a policy's `Statement`.
    Statement "statement" statements {
        sid: Text,
        effect: Word["Allow", "Deny"] = "Allow",
        has_not_action: Flag = false,
        has_not_resource: Flag = false,
        has_not_principal: Flag = false,
        /// All of them, whatever their kind.
        principals: Texts,
        aws_principals: Texts,
        service_principals: Texts,
        federated_principals: Texts,
        policy: One<Policy>,
        actions: Many<ActionPattern>,
        resources: Many<WrittenArn>,
        policy_conditions: Many<PolicyCondition>,
    }

    /// One operator and key of a statement's `Condition`.
    PolicyCondition "policy_condition" policy_conditions {
        /// With qualifier and `IfExists` taken off: `StringEquals`.
        operator: Text,
        qualifier: Word["none", "ForAllValues", "ForAnyValue"] = "none",
        if_exists: Flag = false,
        context_key: Text,
        values: Texts,
        statement: One<Statement>,
    }

    /// One entry of Action or NotAction.
    ActionPattern "action_pattern" action_patterns {
        text: Text,
        statement: One<Statement>,
    }

    /// One text that stands where an ARN must stand.
    WrittenArn "written_arn" written_arns {
        text: Text,
        statement: One<Statement>,
        attachment: One<Attachment>,
    }

    /// A managed policy given to a principal.
    Attachment "attachment" attachments {
        kind: Word["customer", "aws", "malformed", "unresolved"],
        principal: One<Principal>,
        written_arn: One<WrittenArn>,
        policy: One<Policy>,
    }

    /// A role.
    Role "role" roles {
        name: Text,
        arn: Text,
        path: Text = "/",
        max_session_duration: Number = 3600,
        /// The policy that bounds it, as written.
        boundary_arn: Text,
        attachments: Many<Attachment>,
        policies: Many<Policy>,
        boundary: One<Policy>,
        trust: One<Policy>,
        oidc_providers: Many<OidcProvider>,
        tasks: Many<Task>,
    }

    /// A user with credentials of its own.
    IamUser "iam_user" iam_users {
        name: Text,
        arn: Text,
        path: Text = "/",
        boundary_arn: Text,
        attachments: Many<Attachment>,
        policies: Many<Policy>,
        boundary: One<Policy>,
        groups: Many<IamGroup>,
        access_keys: Many<AccessKey>,
    }

    /// A group of users.
    IamGroup "iam_group" iam_groups {
        name: Text,
        arn: Text,
        path: Text = "/",
        attachments: Many<Attachment>,
        policies: Many<Policy>,
    }

    /// An issuer of identities that the account accepts.
    OidcProvider "oidc_provider" oidc_providers {
        url: Text,
        arn: Text,
        client_ids: Texts,
        thumbprints: Texts,
    }

    /// A long-lived key of a user.
    AccessKey "access_key" access_keys {
        made_by: Word["terraform", "script"],
        iam_user: One<IamUser>,
    }
}

views! {
    /// Who may be given permissions.
    Principal "principal" { Role, IamUser, IamGroup }
}
