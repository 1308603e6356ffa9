/**
 * Loads the native shim, in one place for the whole house. Decides where the binary lies and turns its
 * errors into `DaemonError`; never adds behaviour of its own.
 */
import { InternalError } from "../base/errors.ts";
import type { Native } from "./native-api.ts";

/**
 * The kernel's calls that Node lacks. Loads the binary on first use, later calls return the same object.
 *
 * @throws DaemonError ENOENT when the binary lies neither beside this module nor in `dist/`
 */
export function loadNative(): Native {
  throw new InternalError("not built yet");
}
