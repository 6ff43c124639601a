"""One async function per use case: the only code that writes, and where permissions are asked.

Here: the unit of work and what it stands on (`work`, `actor`, `access`, `rows`, `savepoint`), records and activities, and what the
day's screens show. In packages of their own: `clients`, `custom`, `derived`, `duplicates`, `exporting`, `importing`, `merging`,
`operations`, `personal`, `queries`, `search`, `staff`, `undo`.
"""
