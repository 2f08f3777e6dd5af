//! Reason codes in words, for people; the codes themselves are what machines and `accept-incomplete` use.

/// The words for a reason code: the heading under which its objects are listed.
pub(crate) fn words(code: &str) -> String {
    let known = match code {
        "no-value" => "no value given",
        "absent" => "not written here",
        "provider-computed" => "value assigned by the provider",
        "secret-of-platform" => "value known only to GitHub",
        "module-not-downloaded" => "module not downloaded",
        "module-not-found" => "module not found",
        "syntax-error" => "not readable as its language",
        "unreadable" => "not readable",
        "too-large" => "too large",
        "not-text" => "not text",
        "link-outside" => "a link that leads outside",
        "unsupported" => "not supported",
        "cycle" => "depends on itself",
        "outside-tree" => "outside this tree",
        "other-repository" => "in another repository",
        "run-time" => "known only when it runs",
        "run-directory" => "the directory in which Terraform is run",
        "shell" => "a script that cannot be read",
        "terraform-not-counted" => "Terraform runs here, whose needs are not counted",
        "code-not-read" => "code that is not read",
        "other-holder" => "others may have it",
        "command-not-known" => "a command whose needs are not known",
        "action-not-modelled" => "an action whose needs are not known",
        "other-login" => "another login",
        "role-not-known" => "a role that is not known",
        "foreign-tool" => "written by another tool",
        "rule-failed" => "a rule failed",
        _ => return code.replace('-', " "),
    };
    known.to_owned()
}

/// What a person can do about it, where there is something.
pub(crate) fn advice(code: &str) -> Option<&'static str> {
    match code {
        "module-not-downloaded" => Some("run `terraform init` first"),
        "too-large" => Some("raise `max-file-size`"),
        _ => None,
    }
}
