/** Whether the process may do what only root may. */
export function isPrivileged(): boolean {
  return process.geteuid?.() === 0;
}
