import json

from inpaint.training.run.directory import RunDirectory


def test_a_line_that_a_crash_has_torn_tears_no_other(tmp_path):
    run = RunDirectory(tmp_path)
    run.log({"step": 1})
    with run.log_file.open("a") as file:
        file.write('{"step": 2, "los')
    run.log({"step": 3})
    run.log({"step": 4})
    assert run.log_file.read_text() == '{"step": 1}\n{"step": 2, "los\n{"step": 3}\n{"step": 4}\n'


def test_records_of_the_log_are_those_that_can_be_read(tmp_path):
    run = RunDirectory(tmp_path)
    assert list(run.records()) == []
    run.log({"step": 1})
    with run.log_file.open("ab") as file:
        file.write(b'{"step": 2, "los\n7\n\n\xff\n' + json.dumps({"step": 3}).encode() + b"\n{")
    assert list(run.records()) == [{"step": 1}, {"step": 3}]
