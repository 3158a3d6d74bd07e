// Rows as the last release writes them, for tests of the store and of backups.

/** One row in each table, written as 0.1.0 writes: only the columns that it knows. */
export const ROWS_OF_FIRST_TABLES = `
  insert into machines (id, name, host_id, hardware_class, announcement) values ('m-1', 'a', 'h', 'c', '\\x0a036d2d31');
  insert into presets (hardware_class, model_digest, engine_kind, engine_version, purpose, model_name, document)
    values ('c', 'd', 'ollama', '1', 'balanced', 'm', '\\x0a0163');
  insert into quarantine (machine_id, reason, digest, payload) values ('m-1', 'r', 'd', '\\x00');
  insert into sweeps (id, name, request, state) values ('s-1', 'n', '\\x', 'running');
  insert into sweep_targets (sweep_id, machine_id, model_name, model_digest, notes) values ('s-1', 'm-1', 'm', 'd', '["x"]');
  insert into trials (id, sweep_id, target_id, machine_id, ordinal, configuration, protocol, purpose, reason, state, attempt)
    select 't-1', 's-1', id, 'm-1', 0, '\\x', '\\x', 1, 'r', 'running', 1 from sweep_targets;
  insert into attempts (trial_id, number, machine_id, state, published, lease_expires_at) values ('t-1', 1, 'm-1', 'leased', true, now());
  insert into results (trial_id, attempt, machine_id, sweep_id, target_id, hardware_class, model_name, model_digest, engine_kind,
    engine_version, configuration_key, purpose, verdict, provenance, elapsed_ms, payload)
    select 't-1', 1, 'm-1', 's-1', id, 'c', 'm', 'd', 'ollama', '1', 'k', 1, 1, 3, 1.5, '\\x01' from sweep_targets;
  insert into samples (trial_id, attempt, position, valid, prompt_tokens, generated_tokens, failed_checks)
    values ('t-1', 1, 0, true, 10, 5, '{}');`;
