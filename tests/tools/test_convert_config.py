"""The configuration linter: what the converter makes of a file, and the file as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SHARED

from diag.errors import FormatError, UsageError
from diag.tools.converter_config.lint import corrected, examine, lint_config
from diag.tools.converter_config.parse import parse_config, read_config
from diag.types.finding import Severity

NEEDS_A_PERSON = {"CNV026", "CNV027", "CNV028", "CNV025", "CNV023", "CNV024", "CNV030", "CNV031", "CNV032", "CNV033",
                  "CNV035"}
REAL = sorted((SHARED / "tools" / "ini").glob("*")) if (SHARED / "tools" / "ini").is_dir() else []
EXPECTED = {"c1.ini": ["CNV020"], "c2.ini": ["CNV022"], "c3.ini": ["CNV024"], "c4.ini": ["CNV035", "CNV021"],
            "seed_fp32_inline_comment_BAD.ini": ["CNV020"]}


def lint(tmp_path: Path, text: str | bytes, version: tuple[int, ...] = ()) -> list[str]:
    path = tmp_path / "x.ini"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [f.code for f in lint_config(path, version)]


def fixed(tmp_path: Path, text: str | bytes, version: tuple[int, ...] = ()) -> str | None:
    path = tmp_path / "x.ini"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return examine(path, version).corrected


@pytest.mark.skipif(not REAL, reason="the samples are not on this machine")
@pytest.mark.parametrize("path", REAL, ids=[p.name for p in REAL])
def test_real_files(path):
    """Those that the converter takes are clean; the five that it does not are told for what they are."""
    assert [f.code for f in lint_config(path)] == EXPECTED.get(path.name, [])


@pytest.mark.skipif(not REAL, reason="the samples are not on this machine")
def test_the_documents_own_broken_example_is_mended():
    result = examine(SHARED / "tools" / "ini" / "seed_fp32_inline_comment_BAD.ini")
    assert result.corrected == "# config.ini\n[ascend_context]\n# 使用 fp32\nprecision_mode=enforce_fp32\n"
    values = result.findings[0].values
    assert (values["key"], values["value"], values["comment"]) == ("precision_mode", "enforce_fp32", "#使用 fp32")
    assert result.findings[0].evidence[0].line == 3
    assert result.file.values() == {"ascend_context": {"precision_mode": "enforce_fp32 #使用 fp32"}}


def test_the_parser_reads_as_the_converter_does():
    file = parse_config(b'# c\nbefore=1\n[a]\n x = "1,2 ;3" \n\ty=2\n[b]\nbad\nx=1=2\nz=\n=4\n [c] \nk=v\n', Path("x"))
    assert file.values() == {"DEFAULT": {"before": "1"}, "a": {"x": "1,2 ;3", "\ty": "2"}, "c": {"k": "v"}}
    assert [(e.line, e.problem) for e in file.entries if e.problem] == [
        (7, "no_equals"), (8, "two_equals"), (9, "no_value"), (10, "no_key")]
    assert file.sections == (("a", 3), ("b", 6), ("c", 11))
    assert file.marks == ("tabs",)


CTX, BUILD, INIT = "[ascend_context]\n", "[acl_build_options]\n", "[acl_init_options]\n"


@pytest.mark.parametrize(("text", "codes", "good"), [
    (CTX + "precision_mode=enforce_fp23\n", ["CNV025"], CTX + "precision_mode=enforce_fp32\n"),
    (CTX + "precision_mode=fast\n", ["CNV025"], None),
    (CTX + "precision_mod=enforce_fp32\n", ["CNV024"], CTX + "precision_mode=enforce_fp32\n"),
    ("[ascend_contxt]\nprecision_mode=enforce_fp32\n", ["CNV023"], CTX + "precision_mode=enforce_fp32\n"),
    ("[ascend]\nprecision_mode=enforce_fp32\n", ["CNV023"], None),
    ("precision_mode=enforce_fp32\n", ["CNV032"], CTX + "precision_mode=enforce_fp32\n"),
    (CTX + "precision_mode=enforce_fp32#fp32\n", ["CNV020"], CTX + "# fp32\nprecision_mode=enforce_fp32\n"),
    (CTX + "precision_mode=enforce_fp32 // fp32\n", ["CNV020"], CTX + "# fp32\nprecision_mode=enforce_fp32\n"),
    (CTX + "precision_mode=enforce_fp32 # a=b\n", ["CNV035", "CNV020"], CTX + "# a=b\nprecision_mode=enforce_fp32\n"),
    (CTX + "ge.exec.precision_mode=force_fp32\n", ["CNV024"], None),
    (INIT + "ge.op_compiler_cache_mod=force\n", ["CNV024"], INIT + "ge.op_compiler_cache_mode=force\n"),
    (INIT + "ge.some.new.option=1\n", [], None),
    ("[common_quant_param]\nquant_type=WEIGHT\n", ["CNV025"], None),
    (BUILD + 'input_shape="a:1,-1"\nge.dynamicDims="77,33"\n', ["CNV026", "CNV027"],
     BUILD + 'input_shape="a:1,-1"\nge.dynamicDims="77;33"\n'),
    (BUILD + 'input_shape="a:1,3,-1,-1"\nge.dynamicDims="[64,64],[96,96]"\n', ["CNV026"],
     BUILD + 'input_shape="a:1,3,-1,-1"\nge.dynamicDims="64,64;96,96"\n'),
    (BUILD + "input_shape=a:1,-1；b:2\nge.dynamicDims=77；33\n", ["CNV026", "CNV026"],
     BUILD + 'input_shape="a:1,-1;b:2"\nge.dynamicDims="77;33"\n'),
    (BUILD + "input_shape=a:1,77,b:2\n", ["CNV026"], BUILD + 'input_shape="a:1,77;b:2"\n'),
    (BUILD + "input_shape=a:1,-1,-1\nge.dynamicDims=1,1;2\n", ["CNV027"], None),
    (BUILD + "input_shape=a:1,-1\n", ["CNV027"], None),
    (BUILD + "input_shape=a:1,2\nge.dynamicDims=1;2\n", ["CNV027"], None),
    (BUILD + "input_shape=a:-1\nge.dynamicDims=" + ";".join(map(str, range(1, 102))) + "\n", ["CNV027"], None),
    (BUILD + "input_shape=a:-1\nge.dynamicDims=1;1\n", ["CNV027"], None),
    (CTX + "input_shape=a:[-1,3];b:[-1,4]\ndynamic_dims=[1],[2];[1],[3]\n", ["CNV027"], None),
    (CTX + "input_shape=a:[-1,3]\ndynamic_dims=1;2\n", ["CNV026"],
     CTX + 'input_shape=a:[-1,3]\ndynamic_dims="[1],[2]"\n'),
    (CTX + "input_shape=a:[-1,3]\ndynamic_dims=[1],[2]\n", [], None),
    (CTX + "precision_mode=enforce_fp16\n" + INIT + "ge.exec.precision_mode=force_fp32\n", ["CNV028"], None),
    (CTX + "precision_mode=enforce_fp16\n" + INIT + "ge.exec.precision_mode=force_fp16\n", [], None),
    (BUILD + "input_shape=a:1\n" + CTX + "input_shape=a:[1]\n", ["CNV028"], None),
    (CTX + "precision_mode=enforce_fp16\nmixprecision_list_path=x.json\n", ["CNV033", "CNV028"], None),
    (CTX + "provider=ge\n" + BUILD + "input_shape=a:1\n", ["CNV028"], None),
    (CTX + "aoe_mode=subgraph tuning\n", ["CNV029"],
     CTX + "aoe_mode=subgraph tuning\n\n[acl_init_options]\nge.op_compiler_cache_mode=force\n"),
    (CTX + "aoe_mode=subgraph tuning\n" + INIT + "ge.op_compiler_cache_mode=enable\n", ["CNV029"],
     CTX + "aoe_mode=subgraph tuning\n" + INIT + "ge.op_compiler_cache_mode=force\n"),
    ("[aoe_global_options]\njob_type=1\n" + INIT + "ge.deterministic=1\n", ["CNV029"],
     "[aoe_global_options]\njob_type=1\n" + INIT + "ge.deterministic=1\nge.op_compiler_cache_mode=force\n"),
    (CTX + "aoe_mode=subgraph turing\n", ["CNV025", "CNV029"],
     CTX + 'aoe_mode="subgraph tuning"\n' + "\n[acl_init_options]\nge.op_compiler_cache_mode=force\n"),
    (CTX + "plugin_custom_ops=FlashAttentoin\n", ["CNV025"], CTX + "plugin_custom_ops=FlashAttention\n"),
    (CTX + "plugin_custom_ops=All,FlashAttention\n", ["CNV025"], None),
    (CTX + "device_id=zero\n", ["CNV025"], None),
    (CTX + "precision_mode=enforce_fp32\nprecision_mode=enforce_fp16\n", ["CNV031"], None),
    (CTX + "insert_op_config_file_path=nowhere.cfg\n", ["CNV033"], None),
    (CTX + "precision_mode\n", ["CNV035", "CNV021"], CTX + "# precision_mode\n"),
    ("", ["CNV035"], None),
    ("\ufeff" + CTX + "precision_mode=enforce_fp32\n", ["CNV034"], CTX + "precision_mode=enforce_fp32\n"),
    (CTX.replace("\n", "\r\n") + "precision_mode=enforce_fp32\r\n", ["CNV034"], CTX + "precision_mode=enforce_fp32\n"),
    (CTX + "\tprecision_mode=enforce_fp32\n", ["CNV034", "CNV024"], CTX + " precision_mode=enforce_fp32\n"),
])
def test_each_mistake_is_told_and_mended_where_that_is_certain(tmp_path, text, codes, good):
    assert lint(tmp_path, text) == codes
    assert fixed(tmp_path, text) == good


@pytest.mark.parametrize(("text", "version", "codes"), [
    (BUILD + "input_format=ND\n", (2, 0, 0), ["CNV030"]), (BUILD + "input_format=ND\n", (2, 1), []),
    (CTX + "op_attrs=FlashAttention:input_layout:BNSD\n", (2, 2), ["CNV030"]),
    (CTX + "enable_custom_op=All\n", (2, 3), ["CNV030"]), (CTX + "enable_custom_op=All\n", (2, 2), []),
    (CTX + "profiling_path=/\n", (2, 1), ["CNV030"]), (CTX + "profiling_path=/\n", (2, 0), []),
    ("[acl_option_cfg_param]\ndevice_id=0\n", (2, 3), ["CNV030"]),
    (CTX + "input_shape=a:[1,2]\n", (2, 3), ["CNV030"]), (CTX + "input_shape=a:[1,2]\n", (2, 2), []),
    (CTX + "aoe_mode=subgraph turing\n" + INIT + "ge.op_compiler_cache_mode=force\n", (2, 0), ["CNV030"]),
])
def test_versions(tmp_path, text, version, codes):
    assert lint(tmp_path, text, version) == codes


def test_a_close_match_is_named(tmp_path):
    (tmp_path / "x.ini").write_text(CTX + "precission=enforce_fp32\nge.deterministic=1\n")
    first, second = lint_config(tmp_path / "x.ini")
    assert (first.values["close"], second.values["close"]) == ("precision_mode", "it belongs to [acl_init_options]")


def test_a_missing_file_only_warns(tmp_path):
    (tmp_path / "x.ini").write_text(CTX + "insert_op_config_file_path=aipp.cfg\n")
    assert [f.severity for f in lint_config(tmp_path / "x.ini")] == [Severity.WATCH]
    (tmp_path / "aipp.cfg").write_text("")
    assert lint_config(tmp_path / "x.ini") == ()


def test_utf16_and_gbk_are_read(tmp_path):
    text = CTX + "# 注释\nprecision_mode=enforce_fp32\n"
    for encoding in ("utf-16", "gb18030"):
        assert lint(tmp_path, text.encode(encoding)) == ["CNV034"]
        assert fixed(tmp_path, text.encode(encoding)) == text


def test_what_is_no_file_or_no_text(tmp_path):
    with pytest.raises(UsageError):
        read_config(tmp_path)
    (tmp_path / "x").write_bytes(b"\x00\x01\x02")
    with pytest.raises(FormatError) as caught:
        read_config(tmp_path / "x")
    assert caught.value.offset == 0


WORDS = st.sampled_from(["[ascend_context]", "[acl_build_options]", "[nope]", "precision_mode", "enforce_fp32", "=",
                         "#", " ", "\t", "\n", "\r\n", '"', ";", ":", ",", "-1", "input_shape", "ge.dynamicDims",
                         "[1],[2]", "aoe_mode", "subgraph tuning", "é", "；", "a:1,-1", "\x00", "dynamic_dims"])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=40).map("".join), st.text(max_size=80)),
       st.sampled_from([(), (2, 0), (2, 3)]))
def test_any_text_is_examined_and_what_is_certain_stays_mended(text, version):
    file = parse_config(text.encode("utf-8", "surrogatepass"), Path("fuzz.ini"))
    once = corrected(file, version)
    again = parse_config(once.encode("utf-8", "surrogatepass"), Path("fuzz.ini"))
    assert corrected(again, version) == once
    assert not any(entry.problem for entry in again.entries)


@pytest.mark.parametrize("start", ["", "\ufeff", " \n"])
def test_json_is_no_configuration(tmp_path: Path, start: str):
    path = tmp_path / "acl.json"
    path.write_text(start + '{"dump": {"dump_path": "/tmp"}}', encoding="utf-8")
    with pytest.raises(FormatError, match="found JSON") as caught:
        read_config(path)
    assert "dump_config_file" in caught.value.hint
    with pytest.raises(UsageError, match="this is a folder"):
        read_config(tmp_path)
