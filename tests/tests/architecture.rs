//! The edges between crates are those of ARCHITECTURE.md, and no others.
use std::collections::BTreeSet;

use cargo_metadata::MetadataCommand;

const SERVICES: [&str; 4] = ["intake", "risk", "tracking", "reporting"];

fn allowed(from: &str) -> BTreeSet<String> {
    let names = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>();
    match from {
        // What the platform is measured against shares nothing with it.
        "values" | "contracts" | "floor" => BTreeSet::new(),
        "platform" => names(&["contracts"]),
        domain if domain.ends_with("-domain") => names(&["values"]),
        service if SERVICES.contains(&service) => {
            let mut edges = names(&["contracts", "platform", "values"]);
            edges.insert(format!("{service}-domain"));
            edges
        }
        "simulation" => names(&["platform"]),
        // Its own program alone, and only in the laboratory's build: what checks shares nothing with what is checked.
        "faults" => names(&["platform", "intake", "risk", "tracking", "reporting"]),
        "proof" => names(&["contracts", "values", "risk-domain"]),
        "training" => names(&["values", "risk-domain"]),
        "lab" => names(&["values", "risk-domain", "training", "proof"]),
        "cleargate" => names(&[
            "contracts",
            "platform",
            "values",
            "proof",
            "training",
            "lab",
            "intake-domain",
            "risk-domain",
            "tracking-domain",
            "reporting-domain",
        ]),
        "system-tests" => names(&[
            "contracts",
            "platform",
            "values",
            "proof",
            "intake",
            "risk",
            "tracking",
            "reporting",
            "intake-domain",
            "risk-domain",
            "tracking-domain",
            "reporting-domain",
        ]),
        other => panic!("{other} is not a crate that ARCHITECTURE.md knows"),
    }
}

#[test]
fn crates_depend_only_along_the_edges_of_the_design() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let ours: BTreeSet<String> = metadata.packages.iter().map(|p| p.name.to_string()).collect();
    for package in &metadata.packages {
        let edges: BTreeSet<String> = package.dependencies.iter().map(|d| d.name.clone()).filter(|name| ours.contains(name)).collect();
        let permitted = allowed(&package.name);
        let beyond: Vec<_> = edges.difference(&permitted).collect();
        assert!(beyond.is_empty(), "{} depends on {beyond:?}", package.name);
    }
}

#[test]
fn domains_do_no_io_and_know_no_wire() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let banned = ["tokio", "sqlx", "rdkafka", "tonic", "prost", "getrandom", "rand", "contracts", "platform"];
    for package in metadata.packages.iter().filter(|p| p.name.ends_with("-domain") || p.name.as_str() == "values") {
        let used: Vec<_> = package.dependencies.iter().filter(|d| banned.contains(&d.name.as_str())).map(|d| &d.name).collect();
        assert!(used.is_empty(), "{} uses {used:?}", package.name);
    }
}
