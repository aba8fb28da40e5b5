"""Sections and keys of the converter's configuration, as data: what they take, who reads them, since when.

Sources: MindSpore Lite's converter (sources of 2.7, the documents of 2.0 to 2.7, the parser of 2.0.0 as run) and CANN's
options for aclgrphBuildInitialize and aclgrphBuildModel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """``values``: all that it takes (none: anything). ``kind``: "", int, path, shape, dims, context_dims, aoe, ops.

    ``since``: first version with it; ``until``: first without; () where there is no bound. ``instead``: what to write.
    """

    values: tuple[str, ...] = ()
    kind: str = ""
    since: Version = ()
    until: Version = ()
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """``strict``: unknown keys make the converter refuse the file. ``foreign``: they go on to CANN, which has more."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    strict: bool = False
    foreign: bool = False
    since: Version = ()
    until: Version = ()


PRECISION_MODES: Mapping[str, str] = {
    "enforce_fp16": "force_fp16", "preferred_fp32": "allow_fp32_to_fp16", "enforce_fp32": "force_fp32",
    "enforce_origin": "must_keep_origin_dtype", "preferred_optimal": "allow_mix_precision"}
"""precision_mode of [ascend_context], and what it becomes for CANN; the first is the default."""

RAW_PRECISION = (*PRECISION_MODES.values(), "allow_mix_precision_fp16", "allow_mix_precision_bf16",
                 "cube_fp16in_fp32out")
AOE_PHRASES = ("subgraph tuning", "operator tuning")
AOE_OLD_PHRASE = "subgraph turing"
"""How 2.0.0's documents spell it."""
CUSTOM_OPS = ("All", "None", "FlashAttention", "LayerNormV3", "GeGluV2", "GroupNormSilu", "FFN", "AddLayerNorm",
              "MatMulAllReduce", "BatchMatmulToMatmul")
_IMPL = ("high_performance", "high_precision", "high_precision_for_all", "high_performance_for_all")
_SWITCH = ("0", "1")
_TEXT, _INT, _PATH = Key(), Key(kind="int"), Key(kind="path")

_CONTEXT: Mapping[str, Key] = {
    "input_format": Key(("NCHW", "NHWC", "ND")), "input_shape": Key(kind="shape"),
    "input_shape_range": Key(kind="range", until=(2, 4)), "dynamic_dims": Key(kind="context_dims"),
    "precision_mode": Key((*PRECISION_MODES, "allow_mix_precision", "allow_mix_precision_fp16",
                           "allow_mix_precision_bf16")),
    "op_select_impl_mode": Key(_IMPL), "output_type": Key(("FP16", "FP32", "UINT8")),
    "fusion_switch_config_file_path": _PATH, "insert_op_config_file_path": _PATH, "buffer_optimize": _TEXT,
    "om_file_path": _TEXT, "aoe_mode": Key(kind="aoe"), "dump_model_name": _TEXT, "device_id": _INT, "rank_id": _INT,
    "provider": Key(("ge",)), "plugin_custom_ops": Key(kind="ops", since=(2, 2)),
    "enable_custom_op": Key(kind="ops", until=(2, 3), instead="plugin_custom_ops"),
    "custom_fusion_pattern": Key(since=(2, 2)), "op_attrs": Key(since=(2, 3)),
    "stream_label_file": Key(kind="path", since=(2, 6)), "inputs_to_variable": _TEXT, "outputs_to_variable": _TEXT,
    "mixprecision_list_path": _PATH, "parameter_as_refdata": _TEXT, "ge_graph_memory_max_size": _TEXT,
    "ge_variable_memory_max_size": _TEXT, "kvcache_input_layout": _TEXT, "max_weight_batch": _INT,
    "profiling_config_file": Key(kind="path", since=(2, 1)), "dump_config_file": Key(kind="path", since=(2, 1)),
    "profiling_path": Key(kind="path", until=(2, 1), instead="profiling_config_file"),
    "dump_path": Key(kind="path", until=(2, 1), instead="dump_config_file"),
    "rank_table_file": _PATH, "variable_weights_file": Key(kind="path", since=(2, 4)),
    "model_cache_dir": _TEXT, "model_cache_mode": _TEXT, "dynamic_batch_size": _TEXT, "dynamic_image_size": _TEXT}

_CACHE = Key(("enable", "force", "disable"))
_INIT: Mapping[str, Key] = {
    "ge.socVersion": _TEXT, "ge.engineType": _TEXT, "ge.aicoreNum": _INT, "ge.exec.precision_mode": Key(RAW_PRECISION),
    "ge.opSelectImplmode": Key(_IMPL), "ge.optypelistForImplmode": _TEXT, "ge.bufferOptimize": _TEXT,
    "ge.fusionSwitchFile": _PATH, "ge.enableSmallChannel": Key(_SWITCH), "ge.enableCompressWeight": _TEXT,
    "compress_weight_conf": _PATH, "ge.exec.disableReuseMemory": Key(_SWITCH), "ge.enableSingleStream": _TEXT,
    "ge.op_compiler_cache_mode": _CACHE, "ge.op_compiler_cache_dir": _TEXT, "ge.debugDir": _TEXT,
    "ge.opDebugLevel": _INT, "ge.exec.modify_mixlist": _PATH, "ge.enableSparseMatrixWeight": Key(_SWITCH),
    "ge.externalWeight": Key(_SWITCH), "ge.deterministic": Key(_SWITCH), "ge.host_env_os": _TEXT,
    "ge.host_env_cpu": _TEXT, "ge.virtual_type": Key(_SWITCH), "ge.compressionOptimizeConf": _PATH}
_BUILD: Mapping[str, Key] = {
    "input_format": Key(("NCHW", "NHWC", "ND", "NCDHW", "NDHWC")), "input_shape": Key(kind="build_shape"),
    "input_shape_rang": Key(kind="range", until=(2, 3)), "ge.dynamicBatchSize": _TEXT, "ge.dynamicImageSize": _TEXT,
    "ge.dynamicDims": Key(kind="dims"), "ge.inserOpFile": _PATH, "op_name_map": _PATH, "ge.outputDataType": _TEXT,
    "ge.outputNodeName": _TEXT, "ge.INPUT_NODES_SET_FP16": _TEXT, "ge.exec.precision_mode": Key(RAW_PRECISION),
    "ge.exec.op_precision_mode": _PATH, "ge.exec.modify_mixlist": _PATH, "ge.exec.disableReuseMemory": Key(_SWITCH),
    "ge.op_compiler_cache_mode": _CACHE, "ge.op_compiler_cache_dir": _TEXT, "ge.mdl_bank_path": _TEXT,
    "ge.op_bank_path": _TEXT, "ge.debugDir": _TEXT, "ge.opDebugLevel": _INT, "op_debug_config": _PATH,
    "ge.shape_generalized_build_mode": _TEXT, "ge.externalWeight": Key(_SWITCH), "ge.exec.exclude_engines": _TEXT,
    "log": _TEXT}
_GE: Mapping[str, Key] = {
    **{k: v for k, v in _INIT.items() if k.startswith("ge.")}, "ge.exec.formatMode": _TEXT,
    "ge.exec.atomicCleanPolicy": _TEXT, "ge.event": _TEXT, "ge.exec.staticMemoryPolicy": _TEXT,
    "ge.dynamicDims": Key(kind="dims"), "ge.inputShape": Key(kind="build_shape"), "ge.dynamicNodeType": _TEXT}


def _plain(*names: str) -> Mapping[str, Key]:
    return dict.fromkeys(names, _TEXT)


SECTIONS: Mapping[str, Section] = {
    "ascend_context": Section(_CONTEXT),
    "acl_init_options": Section(_INIT, foreign=True, since=(2, 1)),
    "acl_build_options": Section(_BUILD, foreign=True, since=(2, 1)),
    "aoe_global_options": Section({"job_type": Key(("1", "2")), **_plain("work_path", "ip", "port")}, foreign=True,
                                  since=(2, 1)),
    "aoe_tuning_options": Section(_plain("tuning_optimization_level", "feature_deeper_opat", "Fdeeper_opat",
                                         "Fop_format", "Fnonhomo_split", "precision_mode", "log"), foreign=True,
                                  since=(2, 1)),
    "ge_global_options": Section(_GE, foreign=True, since=(2, 1)),
    "ge_session_options": Section(_GE, foreign=True, since=(2, 1)),
    "ge_graph_options": Section(_GE, foreign=True, since=(2, 1)),
    "graph_kernel_param": Section(foreign=True),
    "acl_option_cfg_param": Section({
        **_plain("device_id", "input_format", "input_shape_vector", "input_shape", "output_type", "precision_mode",
                 "op_select_impl_mode", "fusion_switch_config_file_path", "dynamic_batch_size", "dynamic_image_size",
                 "dynamic_dims", "buffer_optimize", "insert_op_config_file_path", "aoe_mode", "custom_opp_path"),
    }, strict=True, until=(2, 1)),
    "common_quant_param": Section({
        "quant_type": Key(("WEIGHT_QUANT", "FULL_QUANT", "DYNAMIC_QUANT")), **_plain(
            "bit_num", "min_quant_weight_size", "min_quant_weight_channel", "skip_quant_node", "debug_info_save_path",
            "enable_encode", "workspace")}, strict=True),
    "mixed_bit_weight_quant_param": Section(_plain("init_scale", "auto_tune", "use_cv_data", "max_iterations"),
                                            strict=True),
    "full_quant_param": Section({
        "activation_quant_method": Key(("MAX_MIN", "KL", "REMOVAL_OUTLIER")), **_plain(
            "bias_correction", "target_device", "per_channel", "smooth_alpha", "enable_smooth_shift")}, strict=True),
    "weight_quant_param": Section(_plain("dequant_strategy", "quant_strategy", "update_mindir", "max_segments",
                                         "per_channel", "bias_correction", "ascend_quant_mode"), strict=True),
    "dynamic_quant_param": Section(_plain("quant_strategy"), strict=True),
    "transform_quant_param": Section(_plain("precision_mode"), strict=True),
    "data_preprocess_param": Section(_plain(
        "calibrate_path", "calibrate_size", "input_type", "image_to_format", "normalize_mean", "normalize_std",
        "resize_width", "resize_height", "resize_method", "center_crop_width", "center_crop_height"), strict=True),
    "registry": Section(_plain("plugin_path", "disable_fusion", "fusion_blacklists"), strict=True),
    "micro_param": Section(_plain("enable_micro", "target", "codegen_mode", "support_parallel", "debug_mode",
                                  "save_path", "project_name", "keep_original_weight", "changeable_weights_name",
                                  "inputs_shape", "dynamic_symbols", "dynamic_symbols_num",
                                  "user_graph_inputs_template"),
                           strict=True),
    "model_param": Section(foreign=True),
    "om_converter": Section(foreign=True),
    "cpu_option_cfg_param": Section(_plain("architecture", "instruction"), strict=True),
}
