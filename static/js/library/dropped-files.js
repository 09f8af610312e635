/** The files that were dropped, also those in folders. */

/** @param {DataTransfer} carried @returns {Promise<{file: File, path: string}[]>} */
export async function droppedFiles(carried) {
  // Entries are to be had only while the event is being handled; files in them later.
  const entries = [...carried.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.some((entry) => entry === null)) return fromList(carried.files);
  return (await Promise.all(entries.map((entry) => filesIn(entry)))).flat();
}

/** What a file chooser gives; in a folder, with its path. @param {FileList | File[]} files */
export const fromList = (files) => [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

/** @param {any} entry @returns {Promise<{file: File, path: string}[]>} */
async function filesIn(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader(), files = [];
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!batch.length) return files;
    for (const inner of batch) files.push(...await filesIn(inner));
  }
}
