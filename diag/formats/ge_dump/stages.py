"""Names of dump files, and the order of the compiler's stages.

Source: the documentation of DUMP_GRAPH_LEVEL in the open GE repository, and file names of real folders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"ge_(?P<kind>proto|onnx|readable)_(?P<number>\d+)(?P<single>_aclop)?(?:_graph_(?P<graph>\d+))?_"
                   r"(?P<stage>.+)\.(?P<ending>txt|pbtxt)\Z")

ORDER = (
    "GraphPreRunBegin", "AfterFlowGraphPartition", "AfterParallelPartitioner", "PreRunBegin",
    "RunCustomPassBeforeInfershape", "PreRunAfterInitPreparation", "PreRunAfterHandleSummaryOp",
    "PrepareAfterCheckAndUpdateInput", "PrepareAfterGraphEquivalentTransformation", "PrepareAfterProcessOutput",
    "PrepareAfterOptimizeAfterGraphNormalization", "PrepareAfterInsertAipp", "PrepareAfterProcessAippNodesDataFormat",
    "PreRunAfterNormalizeGraph", "PreRunAfterOptimizeGraphInit", "OptimizeGraph_TagNoConstFoldingAfter",
    "HcclAfterOptimizeGraphPrepare", "PreRunAfterOptimizeGraphPrepare", "PrepareAfterProcessBeforeInfershape",
    "AfterFirstInferformat", "AfterInfershape", "PrepareAfterInferFormatAndShape", "RunCustomPass_AfterInferShape",
    "AfterSecondInferformat", "PrepareAfterCtrlFlowPreProcess", "PrepareAfterGetDynamicOutputShape",
    "PrepareAfterProcessAippStage2", "PrepareAfterPrepareOptimize", "PreRunAfterPrepare",
    "OptimizeQuantGraph_FeGraphFusionAfter", "OptimizeOriginalGraph_FeGraphFusionAfter",
    "OptimizeOriginalGraph_FeTopoSortingAfter", "OptimizeOriginalGraph_DSAFeOpJudgeAfter",
    "HcclBeforeOptimizeOriginalGraph", "HcclAfterOptimizeOriginalGraph", "RunCustomPassAfterBuiltinFusionPass",
    "PreRunAfterOptimizeOriginalGraph", "PrepareAfterUpdateInputOutputByUserOptions",
    "PrepareAfterUpdateVariableFormats", "PreRunAfterPrepareRunningFormatRefiner",
    "BeforeOptimizeOriginalGraphJudgeInsert", "OptimizeOriginalGraph_FeOpDtypeJudgeAfter",
    "PreRunAfterRefineRunningPrecision", "AfterPrecisionRefine", "PreRunAfterAfterPrecisionRefine",
    "OptimizeOriginalGraph_FeOpFormatJudgeAfter", "OptimizeOriginalGraph_FeDistHeavyFormatAfter",
    "OptimizeOriginalGraph_FeInsertTransNodeAfter", "PreRunAfterRefineRunningFormat",
    "PreRunAfterSubexpressionMigration", "before_SameTransdataBreadthFusionPass",
    "after_SameTransdataBreadthFusionPass", "OptimizeStage1_1", "OptimizeStage1_2", "PreRunAfterOptimize1",
    "PreRunAfterOptimizeAfterStage1", "RunCustomPassAfterOriginGraphOptimize", "PreRunAfterInferShape2",
    "BeforeStagePartition", "AfterStagePartition", "AfterEnginePlacer", "Before_DSP", "After_DSP",
    "AfterDynamicShapePartition", "MergedComputeGraphAfterCompositeEnginePartition", "AtomicEnginePartitioning",
    "OptimizeSubgraphPreProc", "OptimizeSubGraphBefore", "lxfusion_input", "afterUBMatch", "OptimizeSubGraphAfter",
    "after_rebuild", "OptimizeSubgraphPostProc", "mergedComputeGraph",
    "MergedComputeGraphAfterAtomicEnginePartition", "PreRunAfterOptimizeSubgraph", "OptimizeWholeGraph",
    "PreRunAfterOptimizeWholeGraph", "PreRunAfterOptimize2", "PreRunAfterOptimizeGraphBeforeBuild",
    "PreRunAfterOptimizeTensorMove", "BeforeHandleMemConflict", "AfterHandleMemConflict",
    "BeforeHandleMemoryLayoutConflict", "PreRunAfterMemConflictProc", "SecondPartitioning", "BeforeUnfoldSubgraphs",
    "AfterUnfoldSubgraphs", "RunCustomPass_BeforeAssignLogicStream", "RunCustomPass_AfterAssignLogicStream",
    "AfterAssignResource", "Build", "PreRunAfterBuild", "BeforeAttrsCompress", "AfterAttrsCompress",
    "BeforeAttrsDecompress", "AfterAttrsDecompress", "ComputeGraphBeforeLowering",
    "Before_MultiStream_LoweringFirstLastEventSync", "ExeGraphBeforeOptimize", "AfterZeroCopy", "AfterCEM",
    "AfterCopyFlowLaunch", "TrustOutTensorAfter", "AfterAicpuFuseHostInputs", "ExecuteGraphAfterSplit",
)
"""Stages as they follow one another in one compilation; a version of CANN writes some of them."""

_PLACE = {name: i for i, name in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class StageName:
    """What a dump file's name says. ``kind``: ge_proto, ge_onnx or ge_readable; ``graph`` is -1 in old versions."""

    kind: str
    number: int
    graph: int
    stage: str
    single: bool = False

    @property
    def rank(self) -> int:
        """Place of the stage among all; a stage that is not known stands behind them."""
        exact = _PLACE.get(self.stage)
        if exact is not None:
            return exact
        within = [i for name, i in _PLACE.items() if name in self.stage]
        return max(within, default=len(ORDER))

    @property
    def partial(self) -> bool:
        """Whether the dump holds a part of the graph (one engine's, one partition's), by its name."""
        return self.stage not in _PLACE and bool(re.search(r"partition\d|new_sub_graph|rank\d", self.stage))


def parse(name: str) -> StageName | None:
    """The parts of a file's name; None if it is no dump of the compiler."""
    match = _NAME.match(name)
    if match is None:
        return None
    return StageName(f"ge_{match['kind']}", int(match["number"]), int(match["graph"] or -1), match["stage"],
                     bool(match["single"]))
