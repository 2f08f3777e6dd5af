//! Keys of mappings. Most are one of a few words, which need no memory of their own.

use std::borrow::Cow;

pub type Key = Cow<'static, str>;

/// The key with this text.
pub(super) fn key_of(text: &str) -> Key {
    let known = match text {
        "name" => "name",
        "on" => "on",
        "jobs" => "jobs",
        "runs-on" => "runs-on",
        "steps" => "steps",
        "uses" => "uses",
        "with" => "with",
        "run" => "run",
        "env" => "env",
        "if" => "if",
        "id" => "id",
        "needs" => "needs",
        "permissions" => "permissions",
        "contents" => "contents",
        "push" => "push",
        "pull_request" => "pull_request",
        "workflow_dispatch" => "workflow_dispatch",
        "workflow_call" => "workflow_call",
        "schedule" => "schedule",
        "cron" => "cron",
        "branches" => "branches",
        "paths" => "paths",
        "types" => "types",
        "inputs" => "inputs",
        "outputs" => "outputs",
        "secrets" => "secrets",
        "description" => "description",
        "required" => "required",
        "default" => "default",
        "type" => "type",
        "value" => "value",
        "strategy" => "strategy",
        "matrix" => "matrix",
        "include" => "include",
        "fail-fast" => "fail-fast",
        "concurrency" => "concurrency",
        "group" => "group",
        "cancel-in-progress" => "cancel-in-progress",
        "timeout-minutes" => "timeout-minutes",
        "shell" => "shell",
        "working-directory" => "working-directory",
        "defaults" => "defaults",
        "path" => "path",
        "key" => "key",
        "token" => "token",
        "os" => "os",
        "GITHUB_TOKEN" => "GITHUB_TOKEN",
        _ => return Cow::Owned(text.to_owned()),
    };
    Cow::Borrowed(known)
}
