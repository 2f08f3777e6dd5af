//! Which sets of variables make one consistent world. A root with several sets gives several worlds; the other roots
//! take part in each with the set of the same name, or else with one of their own. Every set is in some world.

use std::collections::BTreeMap;

use crate::eval::terraform::Deployment;

/// For each world the deployments that it holds, one for each root.
pub(super) fn worlds(deployments: &[Deployment]) -> Vec<Vec<&Deployment>> {
    let mut roots: BTreeMap<&str, Vec<&Deployment>> = BTreeMap::new();
    for deployment in deployments {
        roots.entry(&deployment.root).or_default().push(deployment);
    }
    let Some(leading) = roots.values().max_by_key(|sets| (sets.len(), std::cmp::Reverse(&sets[0].root))) else {
        return vec![Vec::new()];
    };
    let mut worlds: Vec<Vec<&Deployment>> = Vec::new();
    for (number, leader) in leading.iter().enumerate() {
        let name = leader.variant.name.as_str();
        worlds.push(roots.values().map(|sets| chosen(sets, name, number)).collect());
    }
    // A set that neither its name nor its number brought in gets a world of its own.
    for (position, sets) in roots.values().enumerate() {
        for set in sets {
            let is_there = |world: &Vec<&Deployment>| world[position].variant == set.variant;
            if !worlds.iter().any(is_there) {
                let mut world = worlds[0].clone();
                world[position] = set;
                worlds.push(world);
            }
        }
    }
    worlds
}

fn chosen<'d>(sets: &[&'d Deployment], name: &str, number: usize) -> &'d Deployment {
    let same_name = sets.iter().find(|set| set.variant.name == name);
    same_name.or(sets.get(number)).unwrap_or(&sets[0])
}

#[cfg(test)]
mod tests {
    use super::worlds;
    use crate::eval::terraform::{Deployment, Variant};

    fn deployment(root: &str, name: &str) -> Deployment {
        let variant = Variant { name: name.to_owned(), is_assumed: false };
        Deployment { root: root.into(), variant, ..Deployment::default() }
    }

    fn names(deployments: &[Deployment]) -> Vec<String> {
        let name = |it: &&Deployment| format!("{}:{}", it.root, it.variant.name);
        worlds(deployments).iter().map(|world| world.iter().map(name).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn same_names_meet_and_nothing_is_left_out() {
        let all =
            [deployment("app", "dev"), deployment("app", "prod"), deployment("net", "prod"), deployment("net", "zeta")];
        assert_eq!(names(&all), ["app:dev net:prod", "app:prod net:prod", "app:dev net:zeta"]);
        assert_eq!(worlds(&[]).len(), 1);
    }
}
