{journal in rows}
