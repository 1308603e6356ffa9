/** Placeholder executable: says that `ipvsadm` does not exist yet and fails, so that no script relies on it. */
process.stderr.write("ipvsadm: not yet\n");
process.exitCode = 1;
