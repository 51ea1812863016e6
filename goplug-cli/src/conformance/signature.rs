//! Canonical signatures and their fingerprints, made from docs/protocol.md alone.

use serde_json::Value;

/// The canonical signature of a method or a callback of a descriptor.
pub(super) fn signature(member: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let spelled = |value: &Value, is_stream: bool| {
        let stream = if is_stream { "stream " } else { "" };
        format!("{stream}{}", text(&value["type"]))
    };
    let params = member["params"].as_array().map(Vec::as_slice).unwrap_or_default();
    let params = params.iter().map(|param| {
        format!("{}: {}", text(&param["name"]), spelled(param, param["stream"] == true))
    });
    let params = params.collect::<Vec<_>>().join(", ");
    let returns = text(&member["returns"]["type"]);
    let name = text(&member["name"]);
    match returns.as_str() {
        "" | "()" => format!("{name}({params})"),
        _ => {
            format!("{name}({params}) -> {}", spelled(&member["returns"], member["stream"] == true))
        }
    }
}

/// FNV-1a of 64 bits, in hexadecimal digits.
pub(super) fn fingerprint(signature: &str) -> String {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", signature.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_of_the_page_holds() {
        assert_eq!(fingerprint(""), "cbf29ce484222325");
        let (a, b) = (json!({"name": "a", "type": "i64"}), json!({"name": "b", "type": "i64"}));
        let add = json!({"name": "add", "params": [a, b], "returns": {"type": "i64"}});
        assert_eq!(fingerprint(&signature(&add)), "bb364c15d84acd2c");
        let percent = json!({"name": "percent", "type": "u8"});
        let progress = json!({"name": "progress", "params": [percent]});
        assert_eq!(fingerprint(&signature(&progress)), "b2c97bf94508b1b7");
        let path = json!({"name": "path", "type": "String"});
        let tail =
            json!({"name": "tail", "params": [path], "returns": {"type": "Line"}, "stream": true});
        assert_eq!(fingerprint(&signature(&tail)), "5d4e82d0c3ce0371");
    }
}
