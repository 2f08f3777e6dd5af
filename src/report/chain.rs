//! The things that a way passes, from the addresses of its steps: `deploy.yml job deploy -> aws_iam_role.deploy`.

use crate::finding::Path;

/// The chain of a way that leads through several folders or languages; a way within one is drawn, not told.
pub(crate) fn of_path(path: &Path) -> Option<String> {
    let first = path.steps.first()?;
    if path.steps.iter().all(|step| home(&step.address) == home(&first.address)) {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for step in &path.steps {
        let name = thing(&step.address);
        let last = names.last().map_or("", String::as_str);
        if name.is_empty() || name == last {
            continue;
        }
        if !last.is_empty() && name.strip_prefix(last).is_some_and(|rest| rest.starts_with(' ')) {
            // A file and then a job in it: the job says both.
            names.pop();
        }
        names.push(name);
    }
    (names.len() > 1).then(|| names.join(" -> "))
}

/// The file or the folder of a module that an address begins with.
fn home(address: &str) -> &str {
    address.split_once('#').map_or("", |(home, _)| home)
}

/// The thing that an address lies in: a resource, a job, a stage, a container.
pub(crate) fn thing(address: &str) -> String {
    let Some((file, path)) = address.split_once('#') else { return address.to_owned() };
    let name = file.rsplit('/').next().unwrap_or(file);
    let parts = parts_of(path);
    let is_workflow = name.ends_with(".yml") || name.ends_with(".yaml");
    match parts.as_slice() {
        [jobs, job, ..] if is_workflow && jobs == "jobs" => format!("{name} job {job}"),
        _ if is_workflow => name.to_owned(),
        [kind, ..] if name.ends_with(".tfvars") || name.ends_with(".tfvars.json") => format!("{name} {kind}"),
        [first, ..] if (name.contains('.') && name != ".") || name.contains("ockerfile") => format!("{name} {first}"),
        [data, kind, name, ..] if data == "data" => format!("data.{kind}.{name}"),
        [kind, name, ..] => format!("{kind}.{name}"),
        [only] => only.clone(),
        [] => file.to_owned(),
    }
}

/// The parts of an address between dots; dots in brackets do not part.
fn parts_of(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (c, parts.last_mut()) {
            ('.', _) if depth == 0 => parts.push(String::new()),
            (c, Some(part)) => part.push(c),
            (_, None) => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::thing;

    #[test]
    fn names_what_an_address_lies_in() {
        let check = |address, expected| assert_eq!(thing(address), expected);
        check(".github/workflows/deploy.yml#jobs.deploy.steps[a.b].with.role-to-assume", "deploy.yml job deploy");
        check(".github/workflows/deploy.yml#on.pull_request", "deploy.yml");
        check("terraform#aws_iam_role.github_actions.name", "aws_iam_role.github_actions");
        check("terraform#data.aws_iam_policy_document.x.statement", "data.aws_iam_policy_document.x");
        check("#aws_lb.main.internal", "aws_lb.main");
        check(".#aws_lb.main.internal", "aws_lb.main");
        check("app/Dockerfile#build.USER", "Dockerfile build");
        check("infra/terraform-prod.tfvars#db_master_password", "terraform-prod.tfvars db_master_password");
    }
}
