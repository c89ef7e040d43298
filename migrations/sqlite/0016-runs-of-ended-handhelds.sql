-- Runs that were not complete when their handheld was wiped, removed, replaced or activated anew stayed open: they end now.
INSERT INTO work(key, txn, kind, due_at_ms, last_code)
  SELECT 'end_run:' || a.txn, a.txn, 'end_run', 0, 'handheld.' || h.state
  FROM activation a JOIN handheld h ON h.txn = a.txn
  WHERE a.ended = 0 AND h.state IN ('wiped', 'removed', 'replaced');
INSERT INTO work(key, txn, kind, due_at_ms, last_code)
  SELECT 'end_run:' || a.txn, a.txn, 'end_run', 0, 'request.superseded'
  FROM activation a
  WHERE a.ended = 0 AND json_extract(a.state_json, '$.stage') = 'waiting_for_services'
    AND NOT EXISTS (SELECT 1 FROM handheld h WHERE h.txn = a.txn);
