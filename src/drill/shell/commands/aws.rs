//! `aws s3 ls`: the storage of exports.

use super::super::options::{Call, Grammar, NO_OPTIONS, long};
use super::super::repository;
use super::super::runner::{Shell, Streams};
use super::Command;

pub(super) const COMMANDS: &[Command] = &[Command {
    name: "aws s3 ls",
    grammar: Grammar {
        known: &[long("region", true)],
        ..NO_OPTIONS
    },
    check: |call| match call.operands.len() {
        1 => Ok(()),
        _ => Err("call other than with one bucket".to_owned()),
    },
    run: list,
}];

/// What failed calls of the service's API end with.
const API_ERROR: i32 = 254;

fn list(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let written = call.operand(0).unwrap_or_default();
    let written = written.strip_prefix("s3://").unwrap_or(written);
    let (bucket, prefix) = written.split_once('/').unwrap_or((written, ""));
    let refuse = |streams: &mut Streams, code: &str, text: &str| {
        streams.complain(&format!(
            "\nAn error occurred ({code}) when calling the ListObjectsV2 operation: {text}"
        ));
        API_ERROR
    };
    if !repository::has_bucket(bucket) {
        return refuse(
            streams,
            "NoSuchBucket",
            "The specified bucket does not exist",
        );
    }
    if shell.status.storage_denied {
        return refuse(streams, "AccessDenied", "Access Denied");
    }
    let mut found = false;
    for (name, file) in repository::uploads(&shell.status, shell.world.now()) {
        if !name.starts_with(prefix) {
            continue;
        }
        found = true;
        let changed = file.changed.strftime("%Y-%m-%d %H:%M:%S");
        streams.say(&format!("{changed} {:>10} {name}\n", file.bytes));
    }
    i32::from(!found)
}
