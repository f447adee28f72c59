//! The bill of materials that goes with the program: CycloneDX 1.5, whole, and the same each time.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::licences;

fn bill() -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sbom");
    let output = Command::new("/usr/bin/python3").arg(script).env_remove("SOURCE_DATE_EPOCH").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn the_bill_of_materials_has_each_crate_with_what_the_format_asks_for() {
    let bytes = bill();
    let bom: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        (&bom["bomFormat"], &bom["specVersion"], &bom["version"]),
        (&"CycloneDX".into(), &"1.5".into(), &1.into())
    );
    let serial = bom["serialNumber"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
    assert!(serial.len() == 36 && serial.as_bytes()[14] == b'4', "{serial}");
    assert_eq!(bom["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
    let program = &bom["metadata"]["component"];
    assert_eq!((&program["type"], &program["name"]), (&"application".into(), &"headcount".into()));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let components = bom["components"].as_array().unwrap();
    for component in components {
        let (name, version) = (text(&component["name"]), text(&component["version"]));
        assert_eq!(component["type"], "library");
        assert_eq!(component["purl"], format!("pkg:cargo/{name}@{version}"));
        assert_eq!(component["bom-ref"], component["purl"]);
        assert_eq!(component["hashes"][0]["content"].as_str().unwrap().len(), 64, "{name}");
        assert!(!text(&component["licenses"][0]["expression"]).is_empty(), "{name}");
    }
    let refs: BTreeSet<String> = components.iter().chain([program]).map(|one| text(&one["bom-ref"])).collect();
    assert_eq!(refs.len(), components.len() + 1, "each has a name of its own");
    let needs = bom["dependencies"].as_array().unwrap();
    assert_eq!(needs.iter().map(|one| text(&one["ref"])).collect::<BTreeSet<_>>(), refs);
    for need in needs.iter().flat_map(|one| one["dependsOn"].as_array().unwrap()) {
        assert!(refs.contains(need.as_str().unwrap()), "{need}");
    }
    let known: BTreeSet<String> = licences::crates()
        .values()
        .map(|one| format!("pkg:cargo/{}@{}", text(&one["name"]), text(&one["version"])))
        .collect();
    if cfg!(target_arch = "x86_64") {
        assert_eq!(refs, known);
    }
    assert_eq!(bytes, bill(), "the same sources give the same bytes");
}
