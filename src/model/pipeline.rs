//! Workflows and delivery: triggers, jobs, steps, credentials, pushes, deployments.

use super::entities;

entities! { in pipeline; }
