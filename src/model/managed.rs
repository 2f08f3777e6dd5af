//! Services that AWS runs and that rules ask little of: clusters of Kubernetes and Hadoop, brokers, APIs, firewalls.

use super::data::ParameterGroup;
use super::entities;
use super::identity::ResourcePolicy;
use super::network::SecurityGroup;
use super::web::WebAcl;

entities! { in managed;
    /// A Kubernetes cluster.
    KubernetesCluster "kubernetes_cluster" kubernetes_clusters {
        version: Text,
        /// Whether its API answers on the internet.
        public_endpoint: Flag = true,
        /// Who may ask it there; everyone unless written.
        public_ranges: Texts,
    }

    /// A Hadoop cluster.
    EmrCluster "emr_cluster" emr_clusters {
        security_groups: Many<SecurityGroup>,
    }

    /// A message broker.
    Broker "broker" brokers {
        engine: Text,
        engine_version: Text,
    }

    /// A store whose engine can keep a record of who did what.
    AuditedStore "audited_store" audited_stores {
        engine: Text,
        /// Whether such a record is kept, as far as an argument says.
        audited: Flag,
        parameter_group: One<ParameterGroup>,
    }

    /// One method of a REST API.
    ApiMethod "api_method" api_methods {
        authorization: Text,
        api_key_required: Flag = false,
        http_method: Text,
        /// Whether only VPC endpoints reach the API.
        api_is_private: Flag = false,
        /// The policies that the API carries.
        resource_policies: Many<ResourcePolicy>,
    }

    /// A deployed stage of a REST API.
    ApiStage "api_stage" api_stages {
        name: Text,
        /// Whether only VPC endpoints reach the API.
        api_is_private: Flag = false,
        /// Whether errors at least of every method are logged.
        logs_methods: Flag = false,
        /// Whether every method is measured.
        measures_methods: Flag = false,
        web_acl: One<WebAcl>,
    }

    /// A GraphQL API.
    GraphqlApi "graphql_api" graphql_apis {
        is_private: Flag = false,
        web_acl: One<WebAcl>,
    }

    /// A network firewall.
    NetworkFirewall "network_firewall" network_firewalls {
        logged: Flag = false,
    }

    /// An environment of Elastic Beanstalk.
    BeanstalkEnvironment "beanstalk_environment" beanstalk_environments {
        managed_updates: Flag = false,
    }

    /// A repository of code that AWS keeps.
    CodeRepository "code_repository" code_repositories {
        approval_rule: Flag = false,
    }

    /// A database group of the time before VPCs.
    ClassicSecurityGroup "classic_security_group" classic_security_groups {
        ranges: Texts,
    }
}
