<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Ascend Diag</source>
        <translation>关于 Ascend Diag</translation>
    </message>
    <message>
        <source>Tells why a model gives another answer after moving from ONNX to MindSpore Lite or Ascend.</source>
        <translation>说明模型从 ONNX 迁移到 MindSpore Lite 或昇腾后结果为何不同。</translation>
    </message>
    <message>
        <source>Looking at this machine and its runtimes …</source>
        <translation>正在检查本机及其运行时…</translation>
    </message>
    <message>
        <source>Report of the doctor</source>
        <translation>诊断报告</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>Banner</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop; what was compared stays (Esc)</source>
        <translation>停止；已比对的结果保留（Esc）</translation>
    </message>
    <message>
        <source>Compare again</source>
        <translation>重新比对</translation>
    </message>
    <message>
        <source>Comparing {golden} and {target}</source>
        <translation>正在比对 {golden} 与 {target}</translation>
    </message>
    <message>
        <source>Starting …</source>
        <translation>正在启动…</translation>
    </message>
    <message>
        <source>Stopped before the end: what was compared is kept</source>
        <translation>提前停止：已比对的结果已保留</translation>
    </message>
    <message>
        <source>{total} layers compared, {failing} of them fail</source>
        <translation>已比对 {total} 层，其中 {failing} 层失败</translation>
    </message>
    <message>
        <source>Show the culprit</source>
        <translation>定位元凶</translation>
    </message>
    <message>
        <source>Show the first failure</source>
        <translation>定位首个失败层</translation>
    </message>
    <message>
        <source>Select it in every view (C)</source>
        <translation>在所有视图中选中它（C）</translation>
    </message>
</context>
<context>
    <name>Bar</name>
    <message>
        <source>Graph</source>
        <translation>计算图</translation>
    </message>
    <message>
        <source>Search node or operator …</source>
        <translation>搜索节点或算子…</translation>
    </message>
    <message>
        <source>Search the graph</source>
        <translation>搜索计算图</translation>
    </message>
    <message>
        <source>Enter: next hit, Shift+Enter: the one before</source>
        <translation>Enter：下一个；Shift+Enter：上一个</translation>
    </message>
    <message>
        <source>Hits</source>
        <translation>命中</translation>
    </message>
    <message>
        <source>◀ Failure</source>
        <translation>◀ 失败</translation>
    </message>
    <message>
        <source>Previous failing node</source>
        <translation>上一个失败节点</translation>
    </message>
    <message>
        <source>Failure ▶</source>
        <translation>失败 ▶</translation>
    </message>
    <message>
        <source>Next failing node</source>
        <translation>下一个失败节点</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适应窗口</translation>
    </message>
    <message>
        <source>Show all (Space)</source>
        <translation>显示全部（空格）</translation>
    </message>
    <message>
        <source>Open all</source>
        <translation>全部展开</translation>
    </message>
    <message>
        <source>Open the selected scope and all inside it, or everything</source>
        <translation>展开选中的范围及其全部内容，或展开全部</translation>
    </message>
    <message>
        <source>Close all</source>
        <translation>全部收起</translation>
    </message>
    <message>
        <source>Close all scopes</source>
        <translation>收起所有范围</translation>
    </message>
    <message>
        <source>Match</source>
        <translation>匹配</translation>
    </message>
    <message>
        <source>Say that the two selected grey nodes answer each other</source>
        <translation>指定选中的两个灰色节点互相对应</translation>
    </message>
    <message>
        <source>Export …</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Save what is seen as PNG or SVG</source>
        <translation>将所见保存为 PNG 或 SVG</translation>
    </message>
    <message>
        <source>◀ Difference</source>
        <translation>◀ 差异</translation>
    </message>
    <message>
        <source>Previous node that differs</source>
        <translation>上一个不同的节点</translation>
    </message>
    <message>
        <source>Difference ▶</source>
        <translation>差异 ▶</translation>
    </message>
    <message>
        <source>Next node that differs</source>
        <translation>下一个不同的节点</translation>
    </message>
</context>
<context>
    <name>BenchPane</name>
    <message>
        <source>Measure</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Models (*.onnx *.mindir *.ms)</source>
        <translation>模型 (*.onnx *.mindir *.ms)</translation>
    </message>
    <message>
        <source>The first is what the others are compared with. Drop models or recorded times here; drag to change the order.</source>
        <translation>其余模型与第一个比较。可将模型或记录的耗时拖到这里；拖动可改变顺序。</translation>
    </message>
    <message>
        <source>automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>MindSpore Lite&apos;s benchmark</source>
        <translation>MindSpore Lite 的 benchmark</translation>
    </message>
    <message>
        <source>the runtime&apos;s choice</source>
        <translation>由运行时决定</translation>
    </message>
    <message>
        <source>How often each model is opened anew; intervals of ratios need 3, and are exact from 6 on</source>
        <translation>每个模型重新打开的次数；比值的区间至少需要 3 轮，6 轮起精确</translation>
    </message>
    <message>
        <source>onnxruntime may optimise</source>
        <translation>允许 onnxruntime 优化</translation>
    </message>
    <message>
        <source>time each layer too</source>
        <translation>同时测量各层耗时</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>run folder: errors beside the times</source>
        <translation>运行文件夹：在耗时旁显示误差</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Runtime</source>
        <translation>运行时</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>Measurement</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>样本数</translation>
    </message>
    <message>
        <source>Rounds</source>
        <translation>轮数</translation>
    </message>
    <message>
        <source>Warm-up runs</source>
        <translation>预热次数</translation>
    </message>
    <message>
        <source>At most</source>
        <translation>最长时间</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>各层</translation>
    </message>
    <message>
        <source>Samples and ratio</source>
        <translation>样本与比值</translation>
    </message>
    <message>
        <source>Sample by sample</source>
        <translation>逐个样本</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Median ms</source>
        <translation>中位数 ms</translation>
    </message>
    <message>
        <source>95 % interval</source>
        <translation>95 % 区间</translation>
    </message>
    <message>
        <source>Ratio</source>
        <translation>比值</translation>
    </message>
    <message>
        <source>Ratio&apos;s interval</source>
        <translation>比值区间</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差别</translation>
    </message>
    <message>
        <source>p90</source>
        <translation>p90</translation>
    </message>
    <message>
        <source>Least</source>
        <translation>最小</translation>
    </message>
    <message>
        <source>MAD</source>
        <translation>MAD</translation>
    </message>
    <message>
        <source>Times</source>
        <translation>耗时</translation>
    </message>
    <message>
        <source>Layers: time and error</source>
        <translation>各层：耗时与误差</translation>
    </message>
    <message>
        <source>Drop a model here, or a first one and others to compare with it.

They take turns in rounds, each opened anew, so that what the machine does meets all alike. A difference is told only where the interval of the ratio says so.</source>
        <translation>将一个模型拖到这里，或先拖一个再拖其他模型与之比较。

各模型分轮交替运行，每轮重新打开，使机器的影响对所有模型相同。只有比值的区间表明时才报告差别。</translation>
    </message>
    <message>
        <source>Choose a model first</source>
        <translation>请先选择模型</translation>
    </message>
    <message>
        <source>Models and recorded times cannot be mixed</source>
        <translation>不能同时使用模型和记录的耗时</translation>
    </message>
    <message>
        <source>Measure, export as JSON, and import that too</source>
        <translation>先测量并导出为 JSON，再一并导入</translation>
    </message>
    <message>
        <source>Measuring {names}</source>
        <translation>正在测量 {names}</translation>
    </message>
    <message>
        <source>{count} models  ·  {seconds} s</source>
        <translation>{count} 个模型  ·  {seconds} 秒</translation>
    </message>
    <message>
        <source>The measurement was stopped</source>
        <translation>测量已停止</translation>
    </message>
    <message>
        <source>How fast is it, and is the difference real?</source>
        <translation>有多快？差别是真的吗？</translation>
    </message>
    <message>
        <source>Choose one model, or a first one and others to compare with it. Recorded times can be dropped as well.</source>
        <translation>选择一个模型，或先选一个再选其他模型与之比较。也可拖入记录的耗时。</translation>
    </message>
</context>
<context>
    <name>BenchPlots</name>
    <message>
        <source>All samples, median and interval</source>
        <translation>全部样本、中位数及区间</translation>
    </message>
    <message>
        <source>ms</source>
        <translation>毫秒</translation>
    </message>
    <message>
        <source>Time over that of the first model</source>
        <translation>与第一个模型的耗时之比</translation>
    </message>
    <message>
        <source>time over that of the first model; left of 1 is faster</source>
        <translation>与第一个模型的耗时之比；1 的左侧为更快</translation>
    </message>
    <message>
        <source>Sample by sample</source>
        <translation>逐个样本</translation>
    </message>
    <message>
        <source>sample</source>
        <translation>样本</translation>
    </message>
</context>
<context>
    <name>BlindTest</name>
    <message>
        <source>Judge blind</source>
        <translation>盲评</translation>
    </message>
    <message>
        <source>Which picture is better? One is the original&apos;s, the other the swap&apos;s; which is which is not told, and is drawn anew for every vote.</source>
        <translation>哪张图片更好？一张来自原模型，另一张来自替换后的运行；哪张是哪张不会告知，每次投票都重新抽签。</translation>
    </message>
    <message>
        <source>Pictures A and B</source>
        <translation>图片 A 和 B</translation>
    </message>
    <message>
        <source>&amp;A is better</source>
        <translation>A 更好(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;No difference</source>
        <translation>没有区别(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;B is better</source>
        <translation>B 更好(&amp;B)</translation>
    </message>
    <message>
        <source>Show the result</source>
        <translation>显示结果</translation>
    </message>
    <message>
        <source>{count} votes</source>
        <translation>{count} 票</translation>
    </message>
    <message>
        <source>Original better: {golden} · swap better: {target} · no difference: {neither}.</source>
        <translation>原模型更好：{golden} · 替换后更好：{target} · 没有区别：{neither}。</translation>
    </message>
    <message>
        <source>By chance alone this or more happens with probability {p}.</source>
        <translation>仅凭偶然出现这种或更悬殊结果的概率是 {p}。</translation>
    </message>
    <message>
        <source>The votes see a difference.</source>
        <translation>投票说明看得出区别。</translation>
    </message>
    <message>
        <source>The votes do not show that a difference is seen.</source>
        <translation>投票不能说明看得出区别。</translation>
    </message>
</context>
<context>
    <name>BugDialog</name>
    <message>
        <source>Unexpected error</source>
        <translation>意外错误</translation>
    </message>
    <message>
        <source>This is a mistake in Ascend Diag. Your files are untouched, and the window can be used on. Please send this text to the developers.</source>
        <translation>这是 Ascend Diag 自身的错误。您的文件未受影响，窗口可以继续使用。请把以下文字发给开发者。</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
</context>
<context>
    <name>Card</name>
    <message>
        <source>The line as printed</source>
        <translation>原始日志行</translation>
    </message>
    <message>
        <source>Show the line</source>
        <translation>显示该行</translation>
    </message>
    <message>
        <source>Show the cause in the table (C)</source>
        <translation>在表格中显示根因（C）</translation>
    </message>
    <message>
        <source>Copy as issue report</source>
        <translation>复制为问题报告</translation>
    </message>
    <message>
        <source>Cause, chain, codes and versions as plain text, ready to paste</source>
        <translation>以纯文本形式复制根因、链路、错误码和版本，可直接粘贴</translation>
    </message>
    <message>
        <source>From cause to consequence</source>
        <translation>从原因到后果</translation>
    </message>
    <message>
        <source>Error codes in the logs</source>
        <translation>日志中的错误码</translation>
    </message>
    <message>
        <source>Set aside, wanted, not readable</source>
        <translation>已排除的行、所需文件、无法读取的内容</translation>
    </message>
    <message>
        <source>Chain</source>
        <translation>链路</translation>
    </message>
    <message>
        <source>Codes</source>
        <translation>错误码</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>Looking for the cause …</source>
        <translation>正在查找根因…</translation>
    </message>
    <message>
        <source>Line {line} of {file}</source>
        <translation>{file} 第 {line} 行</translation>
    </message>
    <message>
        <source>Chain ({count})</source>
        <translation>链路（{count}）</translation>
    </message>
    <message>
        <source>Codes ({count})</source>
        <translation>错误码（{count}）</translation>
    </message>
</context>
<context>
    <name>CodeBox</name>
    <message>
        <source>Error codes</source>
        <translation>错误码</translation>
    </message>
    <message>
        <source>Error code</source>
        <translation>错误码</translation>
    </message>
    <message>
        <source>What the code means</source>
        <translation>错误码的含义</translation>
    </message>
    <message>
        <source>One code in any spelling: decimal, hexadecimal, signed, or a name.</source>
        <translation>任意写法的一个错误码：十进制、十六进制、有符号数或名称。</translation>
    </message>
</context>
<context>
    <name>Combine</name>
    <message>
        <source>Combine sizes</source>
        <translation>组合尺寸</translation>
    </message>
    <message>
        <source>its own sizes</source>
        <translation>自己的尺寸</translation>
    </message>
    <message>
        <source>as {name}</source>
        <translation>同 {name}</translation>
    </message>
    <message>
        <source>{name} goes with</source>
        <translation>{name} 跟随</translation>
    </message>
    <message>
        <source>Sizes by comma. All combinations become profiles, the last one varying fastest.</source>
        <translation>尺寸以逗号分隔。所有组合都成为档位，最后一个变化最快。</translation>
    </message>
    <message>
        <source>{name} needs sizes, such as 1, 2, 4</source>
        <translation>{name} 需要尺寸，例如 1, 2, 4</translation>
    </message>
    <message>
        <source>{product} = {count} of at most {most} profiles</source>
        <translation>{product} = {count} 档，最多 {most} 档</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>All commands</source>
        <translation>所有命令</translation>
    </message>
    <message>
        <source>What do you want to do?</source>
        <translation>想做什么？</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
</context>
<context>
    <name>CompareDialog</name>
    <message>
        <source>New comparison</source>
        <translation>新建比对</translation>
    </message>
    <message>
        <source>Original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>ONNX model (*.onnx)</source>
        <translation>ONNX 模型 (*.onnx)</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>目标模型</translation>
    </message>
    <message>
        <source>Models (*.mindir *.onnx)</source>
        <translation>模型 (*.mindir *.onnx)</translation>
    </message>
    <message>
        <source>Compiler&apos;s graph</source>
        <translation>编译器的图</translation>
    </message>
    <message>
        <source>Compiled graphs (ge_proto_*.txt *.om *.json)</source>
        <translation>编译后的图 (ge_proto_*.txt *.om *.json)</translation>
    </message>
    <message>
        <source>empty: names and values decide what each operation is</source>
        <translation>留空：由名称和数值判断每个算子对应哪一层</translation>
    </message>
    <message>
        <source>automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Arrays by input name (*.npz)</source>
        <translation>按输入名存放的数组 (*.npz)</translation>
    </message>
    <message>
        <source>Arrays (*.npy)</source>
        <translation>数组 (*.npy)</translation>
    </message>
    <message>
        <source>empty: what the device recorded</source>
        <translation>留空：使用设备记录的输入</translation>
    </message>
    <message>
        <source>empty: generated, so that they mean something to the model</source>
        <translation>留空：自动生成对模型有意义的输入</translation>
    </message>
    <message>
        <source>calibrated: limits from the element type</source>
        <translation>校准：由元素类型决定的阈值</translation>
    </message>
    <message>
        <source>MindStudio: the limits of its documents</source>
        <translation>MindStudio：其文档中的阈值</translation>
    </message>
    <message>
        <source>Measure each layer alone, too</source>
        <translation>同时单独测量每一层</translation>
    </message>
    <message>
        <source>if the model is small</source>
        <translation>模型较小时</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>映射</translation>
    </message>
    <message>
        <source>Pairings given by hand (*.json)</source>
        <translation>手工给定的映射 (*.json)</translation>
    </message>
    <message>
        <source>only for an encrypted MindIR</source>
        <translation>仅用于加密的 MindIR</translation>
    </message>
    <message>
        <source>empty: a new folder in the cache</source>
        <translation>留空：缓存中的新目录</translation>
    </message>
    <message>
        <source>Input</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Where from</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Inputs as both models get them</source>
        <translation>两个模型实际得到的输入</translation>
    </message>
    <message>
        <source>File for this input …</source>
        <translation>为该输入指定文件…</translation>
    </message>
    <message>
        <source>An array (*.npy) for the input that is selected in the table</source>
        <translation>为表中选中的输入指定数组文件 (*.npy)</translation>
    </message>
    <message>
        <source>Forget these files</source>
        <translation>清除这些文件</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>开始比对</translation>
    </message>
    <message>
        <source>Copy as command</source>
        <translation>复制为命令行</translation>
    </message>
    <message>
        <source>Pair</source>
        <translation>模型对</translation>
    </message>
    <message>
        <source>Runtime</source>
        <translation>运行时</translation>
    </message>
    <message>
        <source>Element type</source>
        <translation>元素类型</translation>
    </message>
    <message>
        <source>From file</source>
        <translation>来自文件</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Limits</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>Memory for tensors</source>
        <translation>张量内存上限</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>Check that the original is stable</source>
        <translation>检查原模型是否稳定</translation>
    </message>
    <message>
        <source>Pairings</source>
        <translation>手工映射</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>密钥</translation>
    </message>
    <message>
        <source>Run folder</source>
        <translation>运行目录</translation>
    </message>
    <message>
        <source>More settings</source>
        <translation>更多设置</translation>
    </message>
</context>
<context>
    <name>ConfigPane</name>
    <message>
        <source>Configuration</source>
        <translation>配置</translation>
    </message>
    <message>
        <source>Open, drop or paste a converter configuration: [ascend_context] …</source>
        <translation>打开、拖入或粘贴转换器配置：[ascend_context] …</translation>
    </message>
    <message>
        <source>Version of the converter</source>
        <translation>转换器版本</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>行</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Finding</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Explanation</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>The file as it should be</source>
        <translation>更正后的文件</translation>
    </message>
    <message>
        <source>Section</source>
        <translation>段</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>键</translation>
    </message>
    <message>
        <source>Value as it is read</source>
        <translation>读到的值</translation>
    </message>
    <message>
        <source>What the converter reads</source>
        <translation>转换器读到的内容</translation>
    </message>
    <message>
        <source>Take the correction</source>
        <translation>采用更正</translation>
    </message>
    <message>
        <source>converter configuration</source>
        <translation>转换器配置</translation>
    </message>
    <message>
        <source>What the converter makes of its configuration</source>
        <translation>转换器如何理解它的配置</translation>
    </message>
    <message>
        <source>This text</source>
        <translation>这段文字</translation>
    </message>
    <message>
        <source>Save configuration</source>
        <translation>保存配置</translation>
    </message>
    <message>
        <source>Configurations (*.ini *.cfg *.config)</source>
        <translation>配置文件 (*.ini *.cfg *.config)</translation>
    </message>
    <message>
        <source>Open …</source>
        <translation>打开…</translation>
    </message>
    <message>
        <source>Save …</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>Convert with it</source>
        <translation>用它转换</translation>
    </message>
    <message>
        <source>Converter version</source>
        <translation>转换器版本</translation>
    </message>
    <message>
        <source>What it means</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>As it should be</source>
        <translation>更正后</translation>
    </message>
    <message>
        <source>As the converter reads it</source>
        <translation>转换器的理解</translation>
    </message>
    <message>
        <source>Open configuration</source>
        <translation>打开配置</translation>
    </message>
    <message>
        <source>Configurations (*.ini *.cfg *.config);;All files (*)</source>
        <translation>配置文件 (*.ini *.cfg *.config);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Nothing that could be put right for certain.</source>
        <translation>没有可以确定更正的内容。</translation>
    </message>
    <message>
        <source>Findings come as you type.</source>
        <translation>输入时即时检查。</translation>
    </message>
    <message>
        <source>Nothing is wrong.</source>
        <translation>没有问题。</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>怎么办</translation>
    </message>
</context>
<context>
    <name>ConvertForm</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Models and batch plans (*.onnx *.toml)</source>
        <translation>模型与批处理计划 (*.onnx *.toml)</translation>
    </message>
    <message>
        <source>ONNX models, or one batch plan (.toml)</source>
        <translation>ONNX 模型，或一个批处理计划（.toml）</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>the current folder</source>
        <translation>当前文件夹</translation>
    </message>
    <message>
        <source>keep what is done well</source>
        <translation>保留已完成的</translation>
    </message>
    <message>
        <source>Into</source>
        <translation>输出到</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>续做</translation>
    </message>
    <message>
        <source>Inputs and dynamic profiles</source>
        <translation>输入与动态档位</translation>
    </message>
    <message>
        <source>Converter</source>
        <translation>转换器</translation>
    </message>
    <message>
        <source>Optimise</source>
        <translation>优化</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Rewrites</source>
        <translation>改写</translation>
    </message>
    <message>
        <source>Save as</source>
        <translation>保存为</translation>
    </message>
    <message>
        <source>AOE</source>
        <translation>AOE</translation>
    </message>
    <message>
        <source>Custom ops</source>
        <translation>自定义算子</translation>
    </message>
    <message>
        <source>Config file</source>
        <translation>配置文件</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>Flags</source>
        <translation>命令行参数</translation>
    </message>
    <message>
        <source>By</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>程序</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Checks and limits</source>
        <translation>检查与限制</translation>
    </message>
    <message>
        <source>Run in</source>
        <translation>运行于</translation>
    </message>
    <message>
        <source>NPU</source>
        <translation>NPU</translation>
    </message>
    <message>
        <source>Time limit</source>
        <translation>时限</translation>
    </message>
    <message>
        <source>Hangs after</source>
        <translation>挂起判定</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>{count} chosen ones</source>
        <translation>选定的 {count} 个</translation>
    </message>
    <message>
        <source>ascend_oriented compiles for the chip and needs CANN</source>
        <translation>ascend_oriented 会为芯片编译，需要 CANN</translation>
    </message>
    <message>
        <source>the converter&apos;s own</source>
        <translation>转换器默认</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>where it fails without</source>
        <translation>不改写会失败时</translation>
    </message>
    <message>
        <source>no tuning</source>
        <translation>不调优</translation>
    </message>
    <message>
        <source>Configurations (*.ini *.cfg *.config)</source>
        <translation>配置文件 (*.ini *.cfg *.config)</translation>
    </message>
    <message>
        <source>One a line: section:key=value</source>
        <translation>每行一个：段:键=值</translation>
    </message>
    <message>
        <source>what is here</source>
        <translation>本机所有</translation>
    </message>
    <message>
        <source>the Python package</source>
        <translation>Python 包</translation>
    </message>
    <message>
        <source>LITE_HOME, PATH</source>
        <translation>LITE_HOME、PATH</translation>
    </message>
    <message>
        <source>as it says</source>
        <translation>由它自报</translation>
    </message>
    <message>
        <source>run the result once</source>
        <translation>运行一次结果</translation>
    </message>
    <message>
        <source>compare its answers with the ONNX model</source>
        <translation>与 ONNX 模型的结果比较</translation>
    </message>
    <message>
        <source>the real runtime, if it is here</source>
        <translation>真实运行时（若本机有）</translation>
    </message>
    <message>
        <source>the reference runtime</source>
        <translation>参考运行时</translation>
    </message>
    <message>
        <source>none: CPU</source>
        <translation>无：CPU</translation>
    </message>
    <message>
        <source>no limit, or 16GiB</source>
        <translation>不限，或 16GiB</translation>
    </message>
    <message>
        <source>diagnostics: a log that tells more</source>
        <translation>诊断：更详细的日志</translation>
    </message>
</context>
<context>
    <name>ConvertPage</name>
    <message>
        <source>Convert</source>
        <translation>转换</translation>
    </message>
    <message>
        <source>Rewrites</source>
        <translation>改写</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>配置</translation>
    </message>
</context>
<context>
    <name>ConvertPane</name>
    <message>
        <source>Convert</source>
        <translation>转换</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>误差</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>First run</source>
        <translation>首次运行</translation>
    </message>
    <message>
        <source>Command and configuration</source>
        <translation>命令与配置</translation>
    </message>
    <message>
        <source>Add models at the left, or drop them on the list: each one is converted, run once, and compared with the ONNX model on the same inputs.</source>
        <translation>在左侧添加模型，或把模型拖到列表中：每个模型都会被转换、运行一次，并在相同输入下与 ONNX 模型比较。</translation>
    </message>
    <message>
        <source>Add an ONNX model or a batch plan</source>
        <translation>请添加 ONNX 模型或批处理计划</translation>
    </message>
    <message>
        <source>conversion</source>
        <translation>转换</translation>
    </message>
    <message>
        <source>Converting … {done} of {total} models done</source>
        <translation>正在转换… 已完成 {done}/{total} 个模型</translation>
    </message>
    <message>
        <source>{seconds} s altogether</source>
        <translation>共 {seconds} 秒</translation>
    </message>
    <message>
        <source>Stopped; what was finished is kept</source>
        <translation>已停止；完成的部分已保留</translation>
    </message>
    <message>
        <source>Resume keeps what is done well</source>
        <translation>续做会保留已完成的模型</translation>
    </message>
    <message>
        <source>ONNX to MindIR, proved by a first run</source>
        <translation>ONNX 转 MindIR，并以首次运行加以证明</translation>
    </message>
    <message>
        <source>running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>(none)</source>
        <translation>（无）</translation>
    </message>
    <message>
        <source>does not run</source>
        <translation>无法运行</translation>
    </message>
    <message>
        <source>Why, from the log</source>
        <translation>日志中的原因</translation>
    </message>
    <message>
        <source>To see what these rewrites change, open the tab Rewrites.</source>
        <translation>要查看这些改写会改变什么，请打开“改写”标签页。</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>怎么办</translation>
    </message>
    <message>
        <source>Converted, run and compared: nothing is wrong.</source>
        <translation>已转换、运行并比较：没有问题。</translation>
    </message>
</context>
<context>
    <name>CurvePlot</name>
    <message>
        <source>Error over depth</source>
        <translation>逐层误差曲线</translation>
    </message>
    <message>
        <source>cumulative</source>
        <translation>累计</translation>
    </message>
    <message>
        <source>own input</source>
        <translation>单层</translation>
    </message>
    <message>
        <source>NaN or ∞</source>
        <translation>NaN 或 ∞</translation>
    </message>
    <message>
        <source>type changes</source>
        <translation>类型改变</translation>
    </message>
    <message>
        <source>no error at all</source>
        <translation>完全无误差</translation>
    </message>
    <message>
        <source>expected noise</source>
        <translation>预期噪声</translation>
    </message>
    <message>
        <source>above the limit</source>
        <translation>超过阈值</translation>
    </message>
    <message>
        <source>layer, in the order of execution</source>
        <translation>层（按执行顺序）</translation>
    </message>
</context>
<context>
    <name>CurveView</name>
    <message>
        <source>Filter by stretch</source>
        <translation>按区段过滤</translation>
    </message>
    <message>
        <source>Show only the layers between two lines that you move</source>
        <translation>只显示两条可移动竖线之间的层</translation>
    </message>
    <message>
        <source>Whole curve</source>
        <translation>完整曲线</translation>
    </message>
    <message>
        <source>The curve appears with the first layers.</source>
        <translation>得到第一批层后显示曲线。</translation>
    </message>
    <message>
        <source>Error over depth</source>
        <translation>逐层误差曲线</translation>
    </message>
    <message>
        <source>Point to a layer to see its name, click to select it.</source>
        <translation>指向一层可查看名称，单击即选中。</translation>
    </message>
    <message>
        <source>cumulative</source>
        <translation>累计</translation>
    </message>
    <message>
        <source>own input</source>
        <translation>单层</translation>
    </message>
</context>
<context>
    <name>Describer</name>
    <message>
        <source>removed</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>added</source>
        <translation>新增</translation>
    </message>
    <message>
        <source>fused or split</source>
        <translation>融合或拆分</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>改变</translation>
    </message>
    <message>
        <source>unchanged</source>
        <translation>未变</translation>
    </message>
    <message>
        <source>no counterpart</source>
        <translation>无对应</translation>
    </message>
    <message>
        <source>inside a fused node</source>
        <translation>在融合节点内</translation>
    </message>
    <message>
        <source>not compared</source>
        <translation>未比对</translation>
    </message>
    <message>
        <source>Runs inside {name}, which is compared as a whole</source>
        <translation>在 {name} 内运行，它作为整体比对</translation>
    </message>
    <message>
        <source>{linked} of {count} nodes have a counterpart</source>
        <translation>{count} 个节点中有 {linked} 个有对应</translation>
    </message>
    <message>
        <source>No counterpart: not compared (folded away, or without a tensor)</source>
        <translation>无对应：未比对（已折叠，或没有张量）</translation>
    </message>
    <message>
        <source>No counterpart</source>
        <translation>无对应</translation>
    </message>
    <message>
        <source> and {count} more</source>
        <translation> 等另外 {count} 个</translation>
    </message>
    <message>
        <source>Computed inside {names}; that gives no tensor for it</source>
        <translation>在 {names} 内部计算；没有可比的张量</translation>
    </message>
    <message>
        <source>{names}, which does the work of {count} nodes</source>
        <translation>{names}，承担 {count} 个节点的计算</translation>
    </message>
    <message>
        <source>Scope with {count} nodes</source>
        <translation>包含 {count} 个节点的范围</translation>
    </message>
    <message>
        <source>Input</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>Makes an error of its own</source>
        <translation>自身产生误差</translation>
    </message>
    <message>
        <source>Runs graphs of {count} nodes, drawn beside it</source>
        <translation>运行 {count} 个节点的子图，画在旁边</translation>
    </message>
    <message>
        <source>cumulative</source>
        <translation>累计</translation>
    </message>
    <message>
        <source>own input</source>
        <translation>单层</translation>
    </message>
    <message>
        <source>mapped by {kind}, {share} %</source>
        <translation>映射方式：{kind}，{share} %</translation>
    </message>
</context>
<context>
    <name>Desk</name>
    <message>
        <source>Layers</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Error over depth</source>
        <translation>逐层误差曲线</translation>
    </message>
    <message>
        <source>Graph</source>
        <translation>计算图</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Tensor</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
</context>
<context>
    <name>DiagnosticsBox</name>
    <message>
        <source>Run again with diagnostics</source>
        <translation>打开诊断后重新运行</translation>
    </message>
    <message>
        <source>Paste this into the shell in which the program runs, run it once more, and open the folder here. Unset the variables afterwards: such logs are long.</source>
        <translation>把下面的内容粘贴到运行程序的终端，重新运行一次，然后在这里打开该目录。用完请取消这些变量：这样的日志很长。</translation>
    </message>
    <message>
        <source>CANN prints to the screen instead of files</source>
        <translation>CANN 打印到屏幕而不是文件</translation>
    </message>
    <message>
        <source>Dump the graphs of every pass too (large)</source>
        <translation>同时导出每个 pass 的图（很大）</translation>
    </message>
    <message>
        <source>Variables for the shell</source>
        <translation>终端中要设置的变量</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>DiffView</name>
    <message>
        <source>… {count} more lines</source>
        <translation>…… 另有 {count} 行</translation>
    </message>
</context>
<context>
    <name>Differences</name>
    <message>
        <source>What</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>After</source>
        <translation>之后</translation>
    </message>
    <message>
        <source>Differences</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Filter …</source>
        <translation>筛选…</translation>
    </message>
    <message>
        <source>Filter the differences</source>
        <translation>筛选差异</translation>
    </message>
    <message>
        <source>told by the name</source>
        <translation>由名称推断</translation>
    </message>
    <message>
        <source>fused</source>
        <translation>融合</translation>
    </message>
    <message>
        <source>split</source>
        <translation>拆分</translation>
    </message>
    <message>
        <source>added</source>
        <translation>新增</translation>
    </message>
    <message>
        <source>removed</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>element type</source>
        <translation>数据类型</translation>
    </message>
    <message>
        <source>layout</source>
        <translation>排布</translation>
    </message>
    <message>
        <source>shape</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>inputs</source>
        <translation>输入</translation>
    </message>
</context>
<context>
    <name>Empty</name>
    <message>
        <source>The picture is wrong. Which submodel is it?</source>
        <translation>图片不对，问题出在哪个子模型？</translation>
    </message>
    <message>
        <source>Drop a pipeline.toml or a recorded run here. Every submodel is swapped to its MindIR, alone and all but one; pictures, latents and outputs tell which one is at fault, and its layers are compared on what the pipeline gave it.</source>
        <translation>把 pipeline.toml 或已录制的运行拖到这里。每个子模型都会换成 MindIR 运行：先单独替换，再除一个外全部替换；图片、隐变量和输出会指出问题出在哪个子模型，并用流水线实际给它的输入逐层比对。</translation>
    </message>
    <message>
        <source>Open the sample</source>
        <translation>打开示例</translation>
    </message>
    <message>
        <source>Set up from folders …</source>
        <translation>从目录建立…</translation>
    </message>
    <message>
        <source>Open a pipeline …</source>
        <translation>打开流水线…</translation>
    </message>
    <message>
        <source>Ten thousand lines, one cause. Which line is it?</source>
        <translation>上万行日志，只有一个根因。是哪一行？</translation>
    </message>
    <message>
        <source>Drop logs here: files, whole folders such as ~/ascend/log, or archives. The line that is the cause is shown first, with what it means and what to do; consequences, wrappers and harmless errors are set aside.</source>
        <translation>把日志拖到这里：文件、整个目录（如 ~/ascend/log）或压缩包。首先显示根因所在的行、含义和处理方法；后果、转述和无害的报错会被排除。</translation>
    </message>
    <message>
        <source>Open logs …</source>
        <translation>打开日志…</translation>
    </message>
    <message>
        <source>What did the compiler do to my model?</source>
        <translation>编译器对我的模型做了什么？</translation>
    </message>
    <message>
        <source>Drop one graph to look at it: ONNX, MindIR, ge_proto or ge_onnx dump, OM, JSON of atc.</source>
        <translation>拖入一张图即可查看：ONNX、MindIR、ge_proto 或 ge_onnx dump、OM、atc 输出的 JSON。</translation>
    </message>
    <message>
        <source>Drop two to see what differs, or a folder of dumps to go through it pass by pass: fused, added, removed and changed nodes, and the life of each node.</source>
        <translation>拖入两张图查看差异；拖入 dump 文件夹则逐个 pass 浏览：融合、新增、移除和改变的节点，以及每个节点的历程。</translation>
    </message>
    <message>
        <source>Drop the run folder of a comparison with an NPU recording to see its errors on both graphs.</source>
        <translation>拖入与 NPU 录制数据比较的运行文件夹，可在两张图上查看误差。</translation>
    </message>
    <message>
        <source>The compiler writes dumps where DUMP_GE_GRAPH=2 and DUMP_GRAPH_PATH=FOLDER are set.</source>
        <translation>设置 DUMP_GE_GRAPH=2 和 DUMP_GRAPH_PATH=文件夹 后，编译器会写出 dump。</translation>
    </message>
    <message>
        <source>Open graphs …</source>
        <translation>打开图…</translation>
    </message>
    <message>
        <source>Open a folder …</source>
        <translation>打开目录…</translation>
    </message>
    <message>
        <source>Explain an error code …</source>
        <translation>解释错误码…</translation>
    </message>
    <message>
        <source>Get a better log …</source>
        <translation>获取更详细的日志…</translation>
    </message>
</context>
<context>
    <name>FileField</name>
    <message>
        <source>Choose a file</source>
        <translation>选择文件</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation>选择文件夹</translation>
    </message>
</context>
<context>
    <name>FileList</name>
    <message>
        <source>Add files</source>
        <translation>添加文件</translation>
    </message>
    <message>
        <source>Remove the selected</source>
        <translation>移除所选</translation>
    </message>
</context>
<context>
    <name>Filters</name>
    <message>
        <source>Level</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>every level</source>
        <translation>所有级别</translation>
    </message>
    <message>
        <source>INFO and louder</source>
        <translation>INFO 及以上</translation>
    </message>
    <message>
        <source>WARNING and louder</source>
        <translation>WARNING 及以上</translation>
    </message>
    <message>
        <source>ERROR and louder</source>
        <translation>ERROR 及以上</translation>
    </message>
    <message>
        <source>Text or regular expression (Ctrl+F)</source>
        <translation>文本或正则表达式（Ctrl+F）</translation>
    </message>
    <message>
        <source>Text in lines</source>
        <translation>行中的文本</translation>
    </message>
    <message>
        <source>Modules</source>
        <translation>模块</translation>
    </message>
    <message>
        <source>Processes</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>Thread</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>Thread as printed</source>
        <translation>日志中打印的线程</translation>
    </message>
    <message>
        <source>Lines around each match</source>
        <translation>每处匹配前后的行数</translation>
    </message>
    <message>
        <source>Lines to show before and after each match</source>
        <translation>每处匹配前后要显示的行数</translation>
    </message>
    <message>
        <source>Fold</source>
        <translation>折叠</translation>
    </message>
    <message>
        <source>Show only the first line of records that have several; Space unfolds one</source>
        <translation>多行记录只显示首行；按空格展开一条</translation>
    </message>
    <message>
        <source>Not a regular expression</source>
        <translation>不是正则表达式</translation>
    </message>
</context>
<context>
    <name>FindingsTab</name>
    <message>
        <source>Findings</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>What the search said</source>
        <translation>查找过程的消息</translation>
    </message>
    <message>
        <source>Nothing was said yet.</source>
        <translation>还没有消息。</translation>
    </message>
    <message>
        <source>Findings come when the search has ended.</source>
        <translation>查找结束后显示发现。</translation>
    </message>
    <message>
        <source>No findings.</source>
        <translation>没有发现。</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>怎么办</translation>
    </message>
</context>
<context>
    <name>FindingsView</name>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Finding</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>About</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>Explanation</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>No findings.</source>
        <translation>没有发现。</translation>
    </message>
    <message>
        <source>Findings come when the comparison has ended.</source>
        <translation>比对结束后显示发现。</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>怎么办</translation>
    </message>
</context>
<context>
    <name>FixPane</name>
    <message>
        <source>Repair</source>
        <translation>修复</translation>
    </message>
    <message>
        <source>Golden</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>ONNX models (*.onnx)</source>
        <translation>ONNX 模型 (*.onnx)</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>目标模型</translation>
    </message>
    <message>
        <source>Models (*.mindir *.onnx)</source>
        <translation>模型 (*.mindir *.onnx)</translation>
    </message>
    <message>
        <source>in a folder of its own</source>
        <translation>放在单独的文件夹中</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Arrays (*.npz)</source>
        <translation>数组 (*.npz)</translation>
    </message>
    <message>
        <source>generated, by what they mean</source>
        <translation>按含义自动生成</translation>
    </message>
    <message>
        <source>automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>reference</source>
        <translation>参考运行时</translation>
    </message>
    <message>
        <source>Pair</source>
        <translation>模型对</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Most tries</source>
        <translation>最多尝试</translation>
    </message>
    <message>
        <source>Runtime</source>
        <translation>运行时</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Try</source>
        <translation>尝试</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>误差</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>Layer to blame, or the reason</source>
        <translation>有问题的层，或原因</translation>
    </message>
    <message>
        <source>Tries</source>
        <translation>尝试</translation>
    </message>
    <message>
        <source>Drop an ONNX model and the MindIR that it became.

The cause is found, the least is changed, the real converter converts it again, and the result is compared layer by layer. The first try that is proved ends the search.</source>
        <translation>把 ONNX 模型和由它得到的 MindIR 拖到这里。

先找到原因，做最小的改变，由真实的转换工具重新转换，再逐层比较结果。第一个得到证明的尝试即结束搜索。</translation>
    </message>
    <message>
        <source>Choose two models first</source>
        <translation>请先选择两个模型</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>已写入：{path}</translation>
    </message>
    <message>
        <source>Repairing {name}</source>
        <translation>正在修复 {name}</translation>
    </message>
    <message>
        <source>{count} tries  ·  {seconds} s  ·  {path}</source>
        <translation>{count} 次尝试  ·  {seconds} 秒  ·  {path}</translation>
    </message>
    <message>
        <source>The repair was stopped</source>
        <translation>修复已停止</translation>
    </message>
    <message>
        <source>From a wrong model to a right one, proved</source>
        <translation>从错误的模型到经过证明的正确模型</translation>
    </message>
    <message>
        <source>Hypotheses in order of cost; each is really converted, run and compared again.</source>
        <translation>按代价排序的假设；每一个都真正转换、运行并重新比较。</translation>
    </message>
</context>
<context>
    <name>Flow</name>
    <message>
        <source>{title} waits until the running comparison has ended.</source>
        <translation>{title} 正在排队，等待当前比对结束。</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>All files (*);;Models and runs (*.onnx *.mindir run.json)</source>
        <translation>所有文件 (*);;模型和运行记录 (*.onnx *.mindir run.json)</translation>
    </message>
    <message>
        <source>Open run folder</source>
        <translation>打开运行目录</translation>
    </message>
    <message>
        <source>Kept: {golden} ↔ {target}. Compare again (F5) to use it.</source>
        <translation>已保存：{golden} ↔ {target}。重新比对（F5）即可使用。</translation>
    </message>
    <message>
        <source>Copied: {line}</source>
        <translation>已复制：{line}</translation>
    </message>
    <message>
        <source>HTML report (*.html);;JSON (*.json);;CSV table (*.csv);;Text (*.txt)</source>
        <translation>HTML 报告 (*.html);;JSON (*.json);;CSV 表格 (*.csv);;文本 (*.txt)</translation>
    </message>
    <message>
        <source>Export report</source>
        <translation>导出报告</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>已写入：{path}</translation>
    </message>
    <message>
        <source>Export table</source>
        <translation>导出表格</translation>
    </message>
</context>
<context>
    <name>Gallery</name>
    <message>
        <source>Pictures</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>并排</translation>
    </message>
    <message>
        <source>Both pictures at the same place and zoom</source>
        <translation>两张图片的位置和缩放保持一致</translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation>滑动对比</translation>
    </message>
    <message>
        <source>One over the other; drag the line</source>
        <translation>上下叠放，拖动分界线</translation>
    </message>
    <message>
        <source>Flip</source>
        <translation>翻看</translation>
    </message>
    <message>
        <source>Hold Space to see the other one at the same place</source>
        <translation>按住空格键，在同一位置看另一张</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Their distance, amplified</source>
        <translation>两者之差，放大显示</translation>
    </message>
    <message>
        <source>Amplification</source>
        <translation>放大倍数</translation>
    </message>
    <message>
        <source>Judge blind …</source>
        <translation>盲评…</translation>
    </message>
    <message>
        <source>See both without being told which is which, and vote</source>
        <translation>在不知道哪张是哪张的情况下观看并投票</translation>
    </message>
</context>
<context>
    <name>GraphView</name>
    <message>
        <source>makes an error of its own</source>
        <translation>自身产生误差</translation>
    </message>
    <message>
        <source>Graph</source>
        <translation>计算图</translation>
    </message>
    <message>
        <source>{count} nodes</source>
        <translation>{count} 个节点</translation>
    </message>
    <message>
        <source>{count} failing</source>
        <translation>{count} 个失败</translation>
    </message>
    <message>
        <source>Selected node and its counterpart</source>
        <translation>选中的节点及其对应</translation>
    </message>
    <message>
        <source>Click a node to see it and its counterpart. Double click opens a scope.</source>
        <translation>单击节点查看它及其对应。双击展开范围。</translation>
    </message>
    <message>
        <source>Match makes them each other&apos;s counterpart.</source>
        <translation>“匹配”使二者互相对应。</translation>
    </message>
    <message>
        <source>No graph is open. Compare two models, or open a run.</source>
        <translation>没有打开的计算图。请比对两个模型，或打开一次运行。</translation>
    </message>
    <message>
        <source>Golden</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>目标模型</translation>
    </message>
    <message>
        <source>{count} differ</source>
        <translation>{count} 个不同</translation>
    </message>
    <message>
        <source>Click a node to see it. Double click opens a scope.</source>
        <translation>单击节点查看，双击展开作用域。</translation>
    </message>
    <message>
        <source>Graph of {name}</source>
        <translation>{name} 的计算图</translation>
    </message>
    <message>
        <source>Laying out …</source>
        <translation>正在布局…</translation>
    </message>
    <message>
        <source>no hit</source>
        <translation>无命中</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>收起</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open all inside</source>
        <translation>展开全部内容</translation>
    </message>
    <message>
        <source>Copy name</source>
        <translation>复制名称</translation>
    </message>
    <message>
        <source>One level up</source>
        <translation>上一级</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>显示全部</translation>
    </message>
    <message>
        <source>Export …</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Save the graph</source>
        <translation>保存计算图</translation>
    </message>
    <message>
        <source>Pictures (*.png *.svg)</source>
        <translation>图片 (*.png *.svg)</translation>
    </message>
</context>
<context>
    <name>GraphsPage</name>
    <message>
        <source>Which graph of the file</source>
        <translation>文件中的哪张图</translation>
    </message>
    <message>
        <source>Open …</source>
        <translation>打开…</translation>
    </message>
    <message>
        <source>Reading …</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>The pass before (←)</source>
        <translation>上一个 pass（←）</translation>
    </message>
    <message>
        <source>The next pass (→)</source>
        <translation>下一个 pass（→）</translation>
    </message>
    <message>
        <source>Open one graph, or two to compare</source>
        <translation>打开一张图，或两张图进行比较</translation>
    </message>
    <message>
        <source>Graphs (*.txt *.pbtxt *.onnx *.mindir *.om *.json);;All files (*)</source>
        <translation>图 (*.txt *.pbtxt *.onnx *.mindir *.om *.json);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Open a folder of dumps, or a run</source>
        <translation>打开 dump 文件夹或一次运行</translation>
    </message>
    <message>
        <source>No graph is open.</source>
        <translation>没有打开的图。</translation>
    </message>
</context>
<context>
    <name>Head</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop; what was finished stays (Esc)</source>
        <translation>停止；已完成的部分保留 (Esc)</translation>
    </message>
</context>
<context>
    <name>HeatMap</name>
    <message>
        <source>difference</source>
        <translation>差值</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>target</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>What is drawn</source>
        <translation>绘制内容</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation>热力图</translation>
    </message>
    <message>
        <source>last dimension</source>
        <translation>最后一维</translation>
    </message>
    <message>
        <source>dimension before it</source>
        <translation>倒数第二维</translation>
    </message>
    <message>
        <source>dimension {number}</source>
        <translation>第 {number} 维</translation>
    </message>
</context>
<context>
    <name>InstallDialog</name>
    <message>
        <source>Install a runtime</source>
        <translation>安装运行时</translation>
    </message>
    <message>
        <source>Looking at what is here</source>
        <translation>正在检查本机环境</translation>
    </message>
    <message>
        <source>Making an environment</source>
        <translation>正在创建环境</translation>
    </message>
    <message>
        <source>Getting and installing packages</source>
        <translation>正在下载并安装软件包</translation>
    </message>
    <message>
        <source>Trying it</source>
        <translation>正在试运行</translation>
    </message>
    <message>
        <source>{name} {version} is installed into an environment of its own; nothing else on this computer is changed.</source>
        <translation>{name} {version} 将安装到独立的环境中，不改动本机其他内容。</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>What the installer said</source>
        <translation>安装程序的输出</translation>
    </message>
    <message>
        <source>Stopping …</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>It was not installed.</source>
        <translation>未安装成功。</translation>
    </message>
</context>
<context>
    <name>JobsView</name>
    <message>
        <source>running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>比对</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Show what this comparison found</source>
        <translation>显示该比对的结果</translation>
    </message>
    <message>
        <source>What the job said</source>
        <translation>任务输出</translation>
    </message>
    <message>
        <source>No job yet. A comparison appears here while it runs.</source>
        <translation>还没有任务。比对运行时显示在这里。</translation>
    </message>
    <message>
        <source>memory {size}</source>
        <translation>内存 {size}</translation>
    </message>
</context>
<context>
    <name>LayerFilter</name>
    <message>
        <source>no counterpart</source>
        <translation>无对应</translation>
    </message>
    <message>
        <source>Operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Clear filters</source>
        <translation>清除过滤</translation>
    </message>
    <message>
        <source>All operators</source>
        <translation>所有算子</translation>
    </message>
</context>
<context>
    <name>LayerModel</name>
    <message>
        <source>#</source>
        <translation>#</translation>
    </message>
    <message>
        <source>Place in the order of execution</source>
        <translation>执行顺序中的位置</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Operator of the original</source>
        <translation>原模型的算子</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Node of the original</source>
        <translation>原模型的节点</translation>
    </message>
    <message>
        <source>Tensor</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Tensor of the original</source>
        <translation>原模型的张量</translation>
    </message>
    <message>
        <source>Target operator</source>
        <translation>目标算子</translation>
    </message>
    <message>
        <source>Mapped to</source>
        <translation>映射到</translation>
    </message>
    <message>
        <source>Node of the target</source>
        <translation>目标模型的节点</translation>
    </message>
    <message>
        <source>Mapped by</source>
        <translation>映射方式</translation>
    </message>
    <message>
        <source>How it was found</source>
        <translation>如何找到对应</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>置信度</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Element type of the target</source>
        <translation>目标的元素类型</translation>
    </message>
    <message>
        <source>Cumulative</source>
        <translation>累计误差</translation>
    </message>
    <message>
        <source>Error in the whole run: what all layers before made, too</source>
        <translation>整网运行中的误差：包含前面各层产生的误差</translation>
    </message>
    <message>
        <source>Own input</source>
        <translation>单层误差</translation>
    </message>
    <message>
        <source>Error of this layer alone, on the original&apos;s values</source>
        <translation>以原模型的值为输入时，本层自身的误差</translation>
    </message>
    <message>
        <source>Relative L2</source>
        <translation>相对 L2</translation>
    </message>
    <message>
        <source>In the whole run</source>
        <translation>整网运行</translation>
    </message>
    <message>
        <source>Max abs</source>
        <translation>最大绝对误差</translation>
    </message>
    <message>
        <source>Cosine</source>
        <translation>余弦</translation>
    </message>
    <message>
        <source>For information: it hides errors</source>
        <translation>仅供参考：它会掩盖误差</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>What it does with the error</source>
        <translation>该层如何对待误差</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>依据</translation>
    </message>
    <message>
        <source>Which rule decided</source>
        <translation>由哪条规则判定</translation>
    </message>
</context>
<context>
    <name>LayerTimes</name>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>{name} ms</source>
        <translation>{name} 毫秒</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>占比</translation>
    </message>
    <message>
        <source>Largest share of a model&apos;s summed layer time</source>
        <translation>在某个模型各层耗时总和中的最大占比</translation>
    </message>
    <message>
        <source>Cumulative error</source>
        <translation>累计误差</translation>
    </message>
    <message>
        <source>Own input</source>
        <translation>自身输入</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>角色</translation>
    </message>
</context>
<context>
    <name>LayersView</name>
    <message>
        <source>Search layer, operator, tensor …</source>
        <translation>搜索层、算子、张量…</translation>
    </message>
    <message>
        <source>Search layers</source>
        <translation>搜索层</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>误差</translation>
    </message>
    <message>
        <source>Mapping</source>
        <translation>映射</translation>
    </message>
    <message>
        <source>All columns</source>
        <translation>所有列</translation>
    </message>
    <message>
        <source>Columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Which columns are shown</source>
        <translation>显示哪些列</translation>
    </message>
    <message>
        <source>Click on a heading to sort; with Shift held, sort by one more column</source>
        <translation>单击表头排序；按住 Shift 再单击可增加一列排序</translation>
    </message>
    <message>
        <source>No layer matches the filters.</source>
        <translation>没有符合过滤条件的层。</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Copy the selected rows</source>
        <translation>复制选中的行</translation>
    </message>
    <message>
        <source>Export the table …</source>
        <translation>导出表格…</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>{total} layers</source>
        <translation>共 {total} 层</translation>
    </message>
    <message>
        <source>{shown} of {total} layers</source>
        <translation>{total} 层中的 {shown} 层</translation>
    </message>
    <message>
        <source>(a stretch of the curve)</source>
        <translation>（曲线的一段）</translation>
    </message>
    <message>
        <source>sorted by {columns}</source>
        <translation>排序：{columns}</translation>
    </message>
    <message>
        <source>Copy rows</source>
        <translation>复制行</translation>
    </message>
    <message>
        <source>Copy name of the layer</source>
        <translation>复制层名</translation>
    </message>
    <message>
        <source>Copy name of the tensor</source>
        <translation>复制张量名</translation>
    </message>
    <message>
        <source>Copy name of the target node</source>
        <translation>复制目标节点名</translation>
    </message>
    <message>
        <source>Only this operator</source>
        <translation>只看此算子</translation>
    </message>
    <message>
        <source>Show every layer</source>
        <translation>显示所有层</translation>
    </message>
</context>
<context>
    <name>Legend</name>
    <message>
        <source>Legend</source>
        <translation>图例</translation>
    </message>
</context>
<context>
    <name>LineModel</name>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>行号</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Module</source>
        <translation>模块</translation>
    </message>
    <message>
        <source>Process</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>内容</translation>
    </message>
</context>
<context>
    <name>LineTable</name>
    <message>
        <source>Lines of the logs</source>
        <translation>日志行</translation>
    </message>
    <message>
        <source>Copy lines</source>
        <translation>复制所选行</translation>
    </message>
    <message>
        <source>Fold or unfold the record</source>
        <translation>折叠或展开该记录</translation>
    </message>
    <message>
        <source>Only module {name}</source>
        <translation>只看模块 {name}</translation>
    </message>
    <message>
        <source>Only process {number}</source>
        <translation>只看进程 {number}</translation>
    </message>
    <message>
        <source>Explain {code}</source>
        <translation>解释 {code}</translation>
    </message>
</context>
<context>
    <name>LintPane</name>
    <message>
        <source>Look</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>ONNX models (*.onnx)</source>
        <translation>ONNX 模型 (*.onnx)</translation>
    </message>
    <message>
        <source>measure unknown forms on this machine</source>
        <translation>在本机测量未知的形式</translation>
    </message>
    <message>
        <source>apply the rewrites that avoid it</source>
        <translation>应用可以避免问题的改写</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Arrays (*.npz)</source>
        <translation>数组 (*.npz)</translation>
    </message>
    <message>
        <source>generated, by what they mean</source>
        <translation>按含义自动生成</translation>
    </message>
    <message>
        <source>ONNX</source>
        <translation>ONNX</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Converter and runtime</source>
        <translation>转换工具和运行时</translation>
    </message>
    <message>
        <source>For</source>
        <translation>用于</translation>
    </message>
    <message>
        <source>Rewrites</source>
        <translation>改写</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Expected</source>
        <translation>预计</translation>
    </message>
    <message>
        <source>Evidence</source>
        <translation>证据</translation>
    </message>
    <message>
        <source>Rewrite</source>
        <translation>改写</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>Applied</source>
        <translation>已应用</translation>
    </message>
    <message>
        <source>Outputs moved</source>
        <translation>输出变化</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>Rewrites that avoid it</source>
        <translation>可以避免它的改写</translation>
    </message>
    <message>
        <source>Drop an ONNX model here.

Every node is looked up among thousands of measured cases: will it convert, load, run, and be right. Known defects that depend on the numbers are imitated on the model&apos;s inputs.</source>
        <translation>把 ONNX 模型拖到这里。

在数千个测量过的用例中查找每个节点：能否转换、加载、运行，结果是否正确。与数值有关的已知缺陷会用模型的输入来模拟。</translation>
    </message>
    <message>
        <source>Choose a model first</source>
        <translation>请先选择一个模型</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>已写入：{path}</translation>
    </message>
    <message>
        <source>Looking at {name}</source>
        <translation>正在查看 {name}</translation>
    </message>
    <message>
        <source>{count} nodes  ·  {seconds} s</source>
        <translation>{count} 个节点  ·  {seconds} 秒</translation>
    </message>
    <message>
        <source>The look was stopped</source>
        <translation>查看已停止</translation>
    </message>
    <message>
        <source>Which nodes will fail, or be wrong without a word?</source>
        <translation>哪些节点会失败，或者悄无声息地算错？</translation>
    </message>
    <message>
        <source>Before any conversion, by what was measured on the real converter and runtime.</source>
        <translation>在转换之前，依据真实转换工具和运行时上的测量。</translation>
    </message>
</context>
<context>
    <name>LogView</name>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Nothing was said yet.</source>
        <translation>还没有输出。</translation>
    </message>
</context>
<context>
    <name>LogsPage</name>
    <message>
        <source>Follow</source>
        <translation>跟踪</translation>
    </message>
    <message>
        <source>Show what is added to the file, as tail -f does; a new file after rotation is opened</source>
        <translation>像 tail -f 一样显示文件新增的内容；轮转后自动打开新文件</translation>
    </message>
    <message>
        <source>Codes</source>
        <translation>错误码</translation>
    </message>
    <message>
        <source>Explain an error code (Ctrl+L)</source>
        <translation>解释错误码（Ctrl+L）</translation>
    </message>
    <message>
        <source>Diagnostics</source>
        <translation>诊断</translation>
    </message>
    <message>
        <source>Variables that make the next run&apos;s log tell more</source>
        <translation>让下一次运行的日志更详细的变量</translation>
    </message>
    <message>
        <source>The chosen record as printed</source>
        <translation>所选记录的原文</translation>
    </message>
    <message>
        <source>Choose a line: the whole record is shown here.</source>
        <translation>选择一行，这里显示整条记录。</translation>
    </message>
    <message>
        <source>Open logs</source>
        <translation>打开日志</translation>
    </message>
    <message>
        <source>Logs and archives (*.log *.log.* *.txt *.out *.gz *.zip *.tar *.tgz);;All files (*)</source>
        <translation>日志和压缩包 (*.log *.log.* *.txt *.out *.gz *.zip *.tar *.tgz);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Open a folder of logs</source>
        <translation>打开日志目录</translation>
    </message>
    <message>
        <source>The report is in the clipboard</source>
        <translation>报告已复制到剪贴板</translation>
    </message>
    <message>
        <source>Only one plain file that was read to its end can be followed</source>
        <translation>只能跟踪一个已读到末尾的普通文件</translation>
    </message>
    <message>
        <source>Reading {name}</source>
        <translation>正在读取 {name}</translation>
    </message>
    <message>
        <source>{first} and {count} more</source>
        <translation>{first} 等，另有 {count} 个</translation>
    </message>
    <message>
        <source>The file was rotated: it is read from its start</source>
        <translation>文件已轮转：从头读取</translation>
    </message>
    <message>
        <source>{shown} of {total} lines</source>
        <translation>显示 {shown} 行，共 {total} 行</translation>
    </message>
    <message>
        <source>{total} lines</source>
        <translation>共 {total} 行</translation>
    </message>
    <message>
        <source>files: {files}  ·  lines: {lines}  ·  errors: {errors}  ·  warnings: {warnings}</source>
        <translation>文件：{files}  ·  行：{lines}  ·  错误：{errors}  ·  警告：{warnings}</translation>
    </message>
</context>
<context>
    <name>Looking</name>
    <message>
        <source>run by hand, {seconds} s</source>
        <translation>手动运行，{seconds} 秒</translation>
    </message>
    <message>
        <source>ONNX</source>
        <translation>ONNX（原模型）</translation>
    </message>
    <message>
        <source>as MindIR: {names}</source>
        <translation>换成 MindIR：{names}</translation>
    </message>
    <message>
        <source>the first three channels of the latents as colours</source>
        <translation>把隐变量的前三个通道当作颜色</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Nothing yet</source>
        <translation>暂无</translation>
    </message>
    <message>
        <source>Forget all</source>
        <translation>全部清除</translation>
    </message>
</context>
<context>
    <name>Matrix</name>
    <message>
        <source>Swaps</source>
        <translation>替换</translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>Open &amp;recent</source>
        <translation>最近打开(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;New comparison …</source>
        <translation>新建比对(&amp;N)…</translation>
    </message>
    <message>
        <source>&amp;Open files …</source>
        <translation>打开文件(&amp;O)…</translation>
    </message>
    <message>
        <source>Open r&amp;un folder …</source>
        <translation>打开运行目录(&amp;U)…</translation>
    </message>
    <message>
        <source>Open &amp;pasted paths</source>
        <translation>打开粘贴的路径(&amp;P)</translation>
    </message>
    <message>
        <source>Export re&amp;port …</source>
        <translation>导出报告(&amp;P)…</translation>
    </message>
    <message>
        <source>Export &amp;table …</source>
        <translation>导出表格(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;Copy as command</source>
        <translation>复制为命令行(&amp;C)</translation>
    </message>
    <message>
        <source>Cl&amp;ose</source>
        <translation>关闭(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Compare</source>
        <translation>比对(&amp;C)</translation>
    </message>
    <message>
        <source>Compare &amp;again</source>
        <translation>重新比对(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>取消(&amp;C)</translation>
    </message>
    <message>
        <source>Open the &amp;sample</source>
        <translation>打开示例(&amp;S)</translation>
    </message>
    <message>
        <source>Open the sample that is &amp;right</source>
        <translation>打开正确的示例(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Go</source>
        <translation>跳转(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Culprit</source>
        <translation>元凶(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Next failure</source>
        <translation>下一个失败层(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Previous failure</source>
        <translation>上一个失败层(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Find layer</source>
        <translation>查找层(&amp;F)</translation>
    </message>
    <message>
        <source>Show &amp;every layer</source>
        <translation>显示所有层(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>Look at each layer &amp;alone (own input)</source>
        <translation>单独查看每一层（单层误差）(&amp;A)</translation>
    </message>
    <message>
        <source>S&amp;wap sides</source>
        <translation>交换左右(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Dark or light</source>
        <translation>深色或浅色(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Usual layout</source>
        <translation>默认布局(&amp;U)</translation>
    </message>
    <message>
        <source>P&amp;references …</source>
        <translation>首选项(&amp;R)…</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;All commands …</source>
        <translation>所有命令(&amp;A)…</translation>
    </message>
    <message>
        <source>&amp;Keys</source>
        <translation>快捷键(&amp;K)</translation>
    </message>
    <message>
        <source>A&amp;bout and runtimes</source>
        <translation>关于与运行时(&amp;B)</translation>
    </message>
</context>
<context>
    <name>Minimap</name>
    <message>
        <source>Overview of the graph</source>
        <translation>计算图缩略图</translation>
    </message>
</context>
<context>
    <name>Moves</name>
    <message>
        <source>Line {line} was not read yet</source>
        <translation>第 {line} 行尚未读取</translation>
    </message>
    <message>
        <source>There is no further error in this direction</source>
        <translation>该方向没有更多错误</translation>
    </message>
</context>
<context>
    <name>NodePanel</name>
    <message>
        <source>Choose a node.</source>
        <translation>请选择一个节点。</translation>
    </message>
    <message>
        <source>Follow through all passes</source>
        <translation>追踪所有 pass</translation>
    </message>
    <message>
        <source>Pass</source>
        <translation>Pass</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>发生了什么</translation>
    </message>
    <message>
        <source>History of the node</source>
        <translation>节点的历程</translation>
    </message>
    <message>
        <source>What</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Facts of the node</source>
        <translation>节点信息</translation>
    </message>
    <message>
        <source>gone</source>
        <translation>消失</translation>
    </message>
    <message>
        <source>No pass knows this node.</source>
        <translation>没有任何 pass 包含此节点。</translation>
    </message>
    <message>
        <source>format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>nodes</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>edges</source>
        <translation>边</translation>
    </message>
    <message>
        <source>graph</source>
        <translation>图</translation>
    </message>
    <message>
        <source>{name}: {n} nodes</source>
        <translation>{name}：{n} 个节点</translation>
    </message>
    <message>
        <source>reads</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>read by</source>
        <translation>被读取</translation>
    </message>
    <message>
        <source>writes</source>
        <translation>写出</translation>
    </message>
    <message>
        <source>runs after</source>
        <translation>在其后运行</translation>
    </message>
    <message>
        <source>input</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>original nodes</source>
        <translation>原始节点</translation>
    </message>
    <message>
        <source>none: the compiler made it</source>
        <translation>无：由编译器生成</translation>
    </message>
    <message>
        <source>made by pass</source>
        <translation>生成它的 pass</translation>
    </message>
    <message>
        <source>engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>subgraph</source>
        <translation>子图</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Compare</source>
        <translation>比对</translation>
    </message>
    <message>
        <source>Two models, layer by layer: which layer makes the error</source>
        <translation>逐层比对两个模型：是哪一层产生了误差</translation>
    </message>
    <message>
        <source>Pipeline</source>
        <translation>流水线</translation>
    </message>
    <message>
        <source>Several models in a row, such as Stable Diffusion: which one is at fault</source>
        <translation>多个模型串联（如 Stable Diffusion）：问题出在哪一个</translation>
    </message>
    <message>
        <source>Convert</source>
        <translation>转换</translation>
    </message>
    <message>
        <source>ONNX to MindIR, proved; rewrites that help; the converter&apos;s configuration</source>
        <translation>ONNX 转 MindIR 并加以证明；有帮助的改写；转换器配置</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>What fp16 would break, what will fail, and how a wrong model is repaired</source>
        <translation>fp16 会破坏什么、哪里会失败，以及如何修复错误的模型</translation>
    </message>
    <message>
        <source>Graphs</source>
        <translation>图</translation>
    </message>
    <message>
        <source>What the compiler did: any graph, two side by side, or pass by pass</source>
        <translation>编译器做了什么：任意一张图、两图对照，或逐个 pass</translation>
    </message>
    <message>
        <source>Performance</source>
        <translation>性能</translation>
    </message>
    <message>
        <source>How fast, what tuning brings, and where the time goes</source>
        <translation>有多快、调优带来多少、时间花在哪里</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Ten thousand lines, one cause: what it means and what to do</source>
        <translation>上万行日志，一个根因：含义和处理方法</translation>
    </message>
</context>
<context>
    <name>Pane</name>
    <message>
        <source>Copy as command</source>
        <translation>复制为命令</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Nothing was said yet.</source>
        <translation>尚无消息。</translation>
    </message>
    <message>
        <source>What it means</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>F5</source>
        <translation>F5</translation>
    </message>
    <message>
        <source>Export table</source>
        <translation>导出表格</translation>
    </message>
    <message>
        <source>CSV table (*.csv)</source>
        <translation>CSV 表格 (*.csv)</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>怎么办</translation>
    </message>
    <message>
        <source>How it was measured</source>
        <translation>测量方法</translation>
    </message>
    <message>
        <source>Findings come with a result.</source>
        <translation>有结果后显示结论。</translation>
    </message>
    <message>
        <source>Stopped on request.</source>
        <translation>已按要求停止。</translation>
    </message>
</context>
<context>
    <name>PerformancePage</name>
    <message>
        <source>Measure</source>
        <translation>测量</translation>
    </message>
    <message>
        <source>Tune (AOE)</source>
        <translation>调优（AOE）</translation>
    </message>
    <message>
        <source>Profile</source>
        <translation>剖析</translation>
    </message>
</context>
<context>
    <name>PipelinePage</name>
    <message>
        <source>Find the culprit</source>
        <translation>查找问题子模型</translation>
    </message>
    <message>
        <source>Swap the submodels one by one and name the one at fault (F5)</source>
        <translation>逐个替换子模型，指出有问题的那个 (F5)</translation>
    </message>
    <message>
        <source>Runtime of the MindIRs</source>
        <translation>MindIR 的运行时</translation>
    </message>
    <message>
        <source>What runs the MindIRs; automatic: what the file says, else the real runtime</source>
        <translation>用什么运行 MindIR；自动：按文件所写，否则用真实运行时</translation>
    </message>
    <message>
        <source>runtime: automatic</source>
        <translation>运行时：自动</translation>
    </message>
    <message>
        <source>Run this choice</source>
        <translation>运行所选组合</translation>
    </message>
    <message>
        <source>Run the pipeline once, with the MindIR where a tile&apos;s switch says so</source>
        <translation>运行一次流水线，卡片开关选中 MindIR 的子模型用 MindIR</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步骤</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>Open a pipeline</source>
        <translation>打开流水线</translation>
    </message>
    <message>
        <source>Pipelines and runs (*.toml run.json)</source>
        <translation>流水线和运行记录 (*.toml run.json)</translation>
    </message>
    <message>
        <source>Looking for the submodel at fault in {name}</source>
        <translation>正在 {name} 中查找有问题的子模型</translation>
    </message>
    <message>
        <source>Search again</source>
        <translation>重新查找</translation>
    </message>
    <message>
        <source>{name} is ready: no submodel was swapped yet</source>
        <translation>{name} 已就绪：尚未替换任何子模型</translation>
    </message>
    <message>
        <source>This search was stopped before its end: what was finished is kept</source>
        <translation>查找提前停止：已完成的部分保留</translation>
    </message>
    <message>
        <source>{runs} runs of {submodels} submodels  ·  {steps} steps  ·  {seconds} s</source>
        <translation>{runs} 次运行，{submodels} 个子模型  ·  {steps} 步  ·  {seconds} 秒</translation>
    </message>
    <message>
        <source>{steps} steps</source>
        <translation>{steps} 步</translation>
    </message>
</context>
<context>
    <name>Plot</name>
    <message>
        <source>Show everything</source>
        <translation>显示全部</translation>
    </message>
    <message>
        <source>Copy picture</source>
        <translation>复制图片</translation>
    </message>
    <message>
        <source>Export picture or numbers …</source>
        <translation>导出图片或数据…</translation>
    </message>
</context>
<context>
    <name>PrecisionPage</name>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Before conversion</source>
        <translation>转换之前</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>修复</translation>
    </message>
</context>
<context>
    <name>PrecisionPane</name>
    <message>
        <source>Emulate</source>
        <translation>模拟</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>ONNX models (*.onnx)</source>
        <translation>ONNX 模型 (*.onnx)</translation>
    </message>
    <message>
        <source>plain float32</source>
        <translation>普通 float32</translation>
    </message>
    <message>
        <source>float32, 16 at a time</source>
        <translation>float32，每次 16 个</translation>
    </message>
    <message>
        <source>in the narrow type</source>
        <translation>使用窄类型</translation>
    </message>
    <message>
        <source>too large values stick at the limit</source>
        <translation>过大的值停在上限</translation>
    </message>
    <message>
        <source>find the layers to keep in float32</source>
        <translation>找出要保持 float32 的层</translation>
    </message>
    <message>
        <source>the limit up to which an output passes</source>
        <translation>输出合格的限值</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Arrays (*.npz)</source>
        <translation>数组 (*.npz)</translation>
    </message>
    <message>
        <source>generated, by what they mean</source>
        <translation>按含义自动生成</translation>
    </message>
    <message>
        <source>ONNX</source>
        <translation>ONNX</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>What the device does</source>
        <translation>设备的行为</translation>
    </message>
    <message>
        <source>Floats in</source>
        <translation>浮点类型</translation>
    </message>
    <message>
        <source>Sums</source>
        <translation>累加</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>方案</translation>
    </message>
    <message>
        <source>Error wanted</source>
        <translation>要求的误差</translation>
    </message>
    <message>
        <source>Search at most</source>
        <translation>搜索最多</translation>
    </message>
    <message>
        <source>Converter</source>
        <translation>转换工具</translation>
    </message>
    <message>
        <source>Effect on the outputs</source>
        <translation>对输出的影响</translation>
    </message>
    <message>
        <source>Own error</source>
        <translation>自身误差</translation>
    </message>
    <message>
        <source>Cost against error</source>
        <translation>代价与误差</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Alone</source>
        <translation>单独</translation>
    </message>
    <message>
        <source>Effect</source>
        <translation>影响</translation>
    </message>
    <message>
        <source>Layers that stay in float32</source>
        <translation>保持 float32 的层</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>What it is for</source>
        <translation>用途</translation>
    </message>
    <message>
        <source>What was written</source>
        <translation>写出的文件</translation>
    </message>
    <message>
        <source>Kept in float32</source>
        <translation>保持 float32</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Drop an ONNX model here.

It is run with every tensor stored in the narrower type, on this machine: what overflows, which layers are sensitive, and the fewest layers to keep in float32.</source>
        <translation>把 ONNX 模型拖到这里。

在本机把每个张量都以窄类型保存来运行它：什么会溢出、哪些层敏感，以及最少要让哪些层保持 float32。</translation>
    </message>
    <message>
        <source>Choose a model first</source>
        <translation>请先选择一个模型</translation>
    </message>
    <message>
        <source>Emulating {name}</source>
        <translation>正在模拟 {name}</translation>
    </message>
    <message>
        <source>{count} layers, {kept} kept in float32  ·  {runs} runs  ·  {seconds} s</source>
        <translation>{count} 层，{kept} 层保持 float32  ·  运行 {runs} 次  ·  {seconds} 秒</translation>
    </message>
    <message>
        <source>The emulation was stopped</source>
        <translation>模拟已停止</translation>
    </message>
    <message>
        <source>What would fp16 break, and what must stay in float32?</source>
        <translation>fp16 会破坏什么，哪些必须保持 float32？</translation>
    </message>
    <message>
        <source>No NPU is needed: the model runs here with every tensor stored in the narrower type.</source>
        <translation>不需要 NPU：模型在这里运行，每个张量都以窄类型保存。</translation>
    </message>
    <message>
        <source>On exact inputs, in units of the error of merely storing the result</source>
        <translation>使用精确输入，以仅保存结果的误差为单位</translation>
    </message>
    <message>
        <source>All before</source>
        <translation>连同之前</translation>
    </message>
    <message>
        <source>The same with every layer before it in the narrow type too</source>
        <translation>同上，但它之前的每一层也使用窄类型</translation>
    </message>
    <message>
        <source>Error of the worst output if only this layer is in the narrow type</source>
        <translation>只有这一层使用窄类型时最差输出的误差</translation>
    </message>
    <message>
        <source>Largest</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>Lost</source>
        <translation>丢失</translation>
    </message>
</context>
<context>
    <name>PrecisionPlots</name>
    <message>
        <source>Own error of each layer</source>
        <translation>各层自身的误差</translation>
    </message>
    <message>
        <source>Effect of each layer on the outputs</source>
        <translation>各层对输出的影响</translation>
    </message>
    <message>
        <source>layer, in running order</source>
        <translation>层（按运行顺序）</translation>
    </message>
    <message>
        <source>own error (1 = storage)</source>
        <translation>自身误差（1 = 保存）</translation>
    </message>
    <message>
        <source>error of the worst output</source>
        <translation>最差输出的误差</translation>
    </message>
    <message>
        <source>Cost against error</source>
        <translation>代价与误差</translation>
    </message>
    <message>
        <source>written elements in float32, %</source>
        <translation>以 float32 写出的元素，%</translation>
    </message>
</context>
<context>
    <name>PreferencesDialog</name>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>as the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Interpreters</source>
        <translation>解释器</translation>
    </message>
    <message>
        <source>One path a line: Pythons that have mindspore-lite or mindspore. Those on the PATH and in the usual places are found by themselves. The command line uses them, too.</source>
        <translation>每行一个路径：装有 mindspore-lite 或 mindspore 的 Python。PATH 及常用位置中的会自动找到。命令行也使用这里的设置。</translation>
    </message>
    <message>
        <source>Forget sizes and places of windows</source>
        <translation>清除窗口大小与布局</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>配色</translation>
    </message>
</context>
<context>
    <name>ProfilePane</name>
    <message>
        <source>Read</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>Profiles (*.csv *.json *.txt *.log)</source>
        <translation>剖析数据 (*.csv *.json *.txt *.log)</translation>
    </message>
    <message>
        <source>Profile</source>
        <translation>剖析数据</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Earlier one</source>
        <translation>较早的</translation>
    </message>
    <message>
        <source>to compare with</source>
        <translation>用于比较</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>run folder: layers and their errors</source>
        <translation>运行文件夹：各层及其误差</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>or folder</source>
        <translation>或文件夹</translation>
    </message>
    <message>
        <source>Beside it</source>
        <translation>对照</translation>
    </message>
    <message>
        <source>What the table shows</source>
        <translation>表格内容</translation>
    </message>
    <message>
        <source>Filter by name or type  (Ctrl+F)</source>
        <translation>按名称或类型筛选  (Ctrl+F)</translation>
    </message>
    <message>
        <source>Operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Operators</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Drop a profile here: a folder of msprof, its op_summary, a trace, onnxruntime&apos;s profile, or what benchmark --timeProfiling printed.

Two at once are compared.</source>
        <translation>将剖析数据拖到这里：msprof 文件夹、其 op_summary、跟踪文件、onnxruntime 的剖析文件，或 benchmark --timeProfiling 的输出。

同时拖入两个则进行比较。</translation>
    </message>
    <message>
        <source>Choose a profile, or drop one here</source>
        <translation>选择剖析数据，或拖到这里</translation>
    </message>
    <message>
        <source>by operator</source>
        <translation>按算子</translation>
    </message>
    <message>
        <source>by type</source>
        <translation>按类型</translation>
    </message>
    <message>
        <source>by unit</source>
        <translation>按单元</translation>
    </message>
    <message>
        <source>every call</source>
        <translation>每次调用</translation>
    </message>
    <message>
        <source>calls of the host</source>
        <translation>主机调用</translation>
    </message>
    <message>
        <source>against the earlier one</source>
        <translation>与较早的比较</translation>
    </message>
    <message>
        <source>Reading the profile</source>
        <translation>正在读取剖析数据</translation>
    </message>
    <message>
        <source>Reading was stopped</source>
        <translation>读取已停止</translation>
    </message>
    <message>
        <source>Where does the time go?</source>
        <translation>时间花在哪里？</translation>
    </message>
    <message>
        <source>A folder PROF_… or op_summary*.csv of msprof, onnxruntime&apos;s profile, or benchmark --timeProfiling.</source>
        <translation>msprof 的 PROF_… 文件夹或 op_summary*.csv、onnxruntime 的剖析文件，或 benchmark --timeProfiling 的输出。</translation>
    </message>
    <message>
        <source>{shown} of {total}</source>
        <translation>{shown} / {total}</translation>
    </message>
</context>
<context>
    <name>Rail</name>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
    </message>
</context>
<context>
    <name>RecordedList</name>
    <message>
        <source>Layers with recorded tensors</source>
        <translation>记录了张量的层</translation>
    </message>
    <message>
        <source>Record this layer</source>
        <translation>记录该层</translation>
    </message>
    <message>
        <source>Compare once more and keep the tensors of this layer</source>
        <translation>重新比对一次，并保留该层的张量</translation>
    </message>
    <message>
        <source>Record every layer</source>
        <translation>记录所有层</translation>
    </message>
    <message>
        <source>Compare once more and keep the tensors of all layers, up to {size} on the disk</source>
        <translation>重新比对一次，并保留所有层的张量，磁盘占用不超过 {size}</translation>
    </message>
    <message>
        <source>Tensors are recorded when the comparison has ended.</source>
        <translation>比对结束后记录张量。</translation>
    </message>
    <message>
        <source>Pictures are drawn from recorded tensors. Tensors are recorded of the layers that make the largest errors themselves:</source>
        <translation>图由记录的张量绘制。只记录自身误差最大的层：</translation>
    </message>
    <message>
        <source>No tensors were recorded: no layer makes an error itself. They are recorded by every comparison that measures each layer alone (own input) and finds one that fails.</source>
        <translation>没有记录张量：没有哪一层自身产生误差。只要比对时单独测量每一层并发现失败的层，就会记录其张量。</translation>
    </message>
    <message>
        <source>This tensor has no counterpart in the target.</source>
        <translation>该张量在目标模型中没有对应。</translation>
    </message>
</context>
<context>
    <name>RewritesPane</name>
    <message>
        <source>Look for rewrites</source>
        <translation>查找改写</translation>
    </message>
    <message>
        <source>ONNX model</source>
        <translation>ONNX 模型</translation>
    </message>
    <message>
        <source>Models (*.onnx)</source>
        <translation>模型 (*.onnx)</translation>
    </message>
    <message>
        <source>Convert with the selected ones</source>
        <translation>用选定的改写转换</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>ONNX</source>
        <translation>ONNX</translation>
    </message>
    <message>
        <source>Rewrite</source>
        <translation>改写</translation>
    </message>
    <message>
        <source>Places</source>
        <translation>处数</translation>
    </message>
    <message>
        <source>Largest change</source>
        <translation>最大变化</translation>
    </message>
    <message>
        <source>Proved</source>
        <translation>已证明</translation>
    </message>
    <message>
        <source>What for</source>
        <translation>用途</translation>
    </message>
    <message>
        <source>Rewrites</source>
        <translation>改写</translation>
    </message>
    <message>
        <source>What changes</source>
        <translation>改动内容</translation>
    </message>
    <message>
        <source>Choose a rewrite to see what it changes.</source>
        <translation>选择一个改写以查看它的改动。</translation>
    </message>
    <message>
        <source>Choose a model: everything in it that can be said in other operators is shown, with what changes, and proved to change no answer. Nothing is used before you say so.</source>
        <translation>选择一个模型：其中所有可以用其他算子表达的部分都会连同改动一起显示，并证明不改变任何结果。未经您同意不会采用。</translation>
    </message>
    <message>
        <source>Choose an ONNX model</source>
        <translation>请选择 ONNX 模型</translation>
    </message>
    <message>
        <source>rewrites</source>
        <translation>改写</translation>
    </message>
    <message>
        <source>Looking for rewrites …</source>
        <translation>正在查找改写…</translation>
    </message>
    <message>
        <source>The same model, said in operators that the converter knows</source>
        <translation>用转换器认识的算子表达同一个模型</translation>
    </message>
    <message>
        <source>Each is proved in onnxruntime to change nothing (at most {limit} relative)</source>
        <translation>每个改写都在 onnxruntime 中证明不改变结果（相对变化至多 {limit}）</translation>
    </message>
    <message>
        <source>{count} rewrites apply to {name}, {proved} of them proved</source>
        <translation>有 {count} 个改写适用于 {name}，其中 {proved} 个已证明</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
</context>
<context>
    <name>RunsModel</name>
    <message>
        <source>picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>as MindIR</source>
        <translation>换成 MindIR</translation>
    </message>
    <message>
        <source>verdict</source>
        <translation>判定</translation>
    </message>
    <message>
        <source>PSNR</source>
        <translation>峰值信噪比 PSNR</translation>
    </message>
    <message>
        <source>SSIM</source>
        <translation>结构相似 SSIM</translation>
    </message>
    <message>
        <source>largest</source>
        <translation>最大差</translation>
    </message>
    <message>
        <source>latents</source>
        <translation>隐变量</translation>
    </message>
    <message>
        <source>time</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>reason</source>
        <translation>依据</translation>
    </message>
    <message>
        <source>Which submodels ran as their MindIR: one square a submodel, in their order</source>
        <translation>哪些子模型以 MindIR 运行：每个方块一个子模型，按顺序排列</translation>
    </message>
    <message>
        <source>Peak signal-to-noise ratio against the original&apos;s picture, in dB; higher is better</source>
        <translation>相对原模型图片的峰值信噪比，单位 dB，越高越好</translation>
    </message>
    <message>
        <source>Structural similarity to the original&apos;s picture; 1 is the same</source>
        <translation>与原模型图片的结构相似度；1 表示相同</translation>
    </message>
    <message>
        <source>Largest difference of a pixel, of 1</source>
        <translation>像素的最大差值（满值 1）</translation>
    </message>
    <message>
        <source>Relative L2 error of the last latents</source>
        <translation>最后一步隐变量的相对 L2 误差</translation>
    </message>
    <message>
        <source>Seconds of the run</source>
        <translation>运行所用秒数</translation>
    </message>
    <message>
        <source>What decided the verdict</source>
        <translation>判定的依据</translation>
    </message>
    <message>
        <source>equal</source>
        <translation>相同</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>all but {names}</source>
        <translation>除 {names} 外全部</translation>
    </message>
</context>
<context>
    <name>RuntimeChoice</name>
    <message>
        <source>Runtime</source>
        <translation>运行时</translation>
    </message>
    <message>
        <source>automatic: the real runtime if it is here, else the reference</source>
        <translation>自动：有真实运行时则用之，否则用参考运行时</translation>
    </message>
    <message>
        <source>reference: on this computer, without MindSpore</source>
        <translation>参考运行时：在本机运行，无需 MindSpore</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Looking for runtimes …</source>
        <translation>正在查找运行时…</translation>
    </message>
    <message>
        <source>Install {name} …</source>
        <translation>安装 {name}…</translation>
    </message>
    <message>
        <source>{name}: not installed</source>
        <translation>{name}：未安装</translation>
    </message>
</context>
<context>
    <name>SetupDialog</name>
    <message>
        <source>Set up a pipeline</source>
        <translation>建立流水线</translation>
    </message>
    <message>
        <source>ONNX models</source>
        <translation>ONNX 模型</translation>
    </message>
    <message>
        <source>the folder with text_encoder, unet, vae_decoder …</source>
        <translation>含有 text_encoder、unet、vae_decoder 等的目录</translation>
    </message>
    <message>
        <source>MindIR models</source>
        <translation>MindIR 模型</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Pictures (*.png *.jpg *.jpeg *.webp)</source>
        <translation>图片 (*.png *.jpg *.jpeg *.webp)</translation>
    </message>
    <message>
        <source>img2img starts from it</source>
        <translation>图生图以它为起点</translation>
    </message>
    <message>
        <source>File to write</source>
        <translation>写入文件</translation>
    </message>
    <message>
        <source>Pipelines (*.toml)</source>
        <translation>流水线 (*.toml)</translation>
    </message>
    <message>
        <source>Submodel</source>
        <translation>子模型</translation>
    </message>
    <message>
        <source>MindIR</source>
        <translation>MindIR 文件</translation>
    </message>
    <message>
        <source>Input</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Known from</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>What the submodels take</source>
        <translation>子模型的输入</translation>
    </message>
    <message>
        <source>Write and open</source>
        <translation>写入并打开</translation>
    </message>
    <message>
        <source>What the submodels take, read from the models and their configuration:</source>
        <translation>子模型的输入，读自模型及其配置：</translation>
    </message>
    <message>
        <source>none found</source>
        <translation>没有找到</translation>
    </message>
</context>
<context>
    <name>Shapes</name>
    <message>
        <source>Input</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>In the file</source>
        <translation>文件中</translation>
    </message>
    <message>
        <source>Wanted</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Dynamic profiles</source>
        <translation>动态档位</translation>
    </message>
    <message>
        <source>A number for each -1, in the order of the inputs; profiles by semicolon</source>
        <translation>按输入顺序为每个 -1 给一个数；档位以分号分隔</translation>
    </message>
    <message>
        <source>Combine sizes …</source>
        <translation>组合尺寸…</translation>
    </message>
    <message>
        <source>Give the sizes that each -1 takes; all combinations become profiles</source>
        <translation>给出每个 -1 可取的尺寸；所有组合都成为档位</translation>
    </message>
    <message>
        <source>Write -1 where a size varies.</source>
        <translation>大小可变之处写 -1。</translation>
    </message>
    <message>
        <source>{count} of at most {most} profiles</source>
        <translation>{count} 档，最多 {most} 档</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keys</source>
        <translation>快捷键</translation>
    </message>
</context>
<context>
    <name>Side</name>
    <message>
        <source>Differences</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>节点</translation>
    </message>
</context>
<context>
    <name>Speaking</name>
    <message>
        <source>Copied: {line}</source>
        <translation>已复制：{line}</translation>
    </message>
    <message>
        <source>Export report</source>
        <translation>导出报告</translation>
    </message>
    <message>
        <source>HTML report (*.html);;JSON (*.json);;CSV table (*.csv)</source>
        <translation>HTML 报告 (*.html);;JSON (*.json);;CSV 表格 (*.csv)</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>已写入：{path}</translation>
    </message>
</context>
<context>
    <name>Spots</name>
    <message>
        <source>Operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Data types</source>
        <translation>数据类型</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Error on its own input, else cumulative</source>
        <translation>自身输入上的误差，否则为累计误差</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单元</translation>
    </message>
    <message>
        <source>Start ms</source>
        <translation>开始 ms</translation>
    </message>
    <message>
        <source>Duration µs</source>
        <translation>耗时 µs</translation>
    </message>
    <message>
        <source>Wait µs</source>
        <translation>等待 µs</translation>
    </message>
    <message>
        <source>Blocks</source>
        <translation>分块数</translation>
    </message>
    <message>
        <source>Stream</source>
        <translation>流</translation>
    </message>
    <message>
        <source>Here ms</source>
        <translation>本次 ms</translation>
    </message>
    <message>
        <source>Other ms</source>
        <translation>另一次 ms</translation>
    </message>
    <message>
        <source>Difference ms</source>
        <translation>差值 ms</translation>
    </message>
    <message>
        <source>Ratio</source>
        <translation>比值</translation>
    </message>
    <message>
        <source>Total ms</source>
        <translation>总计 ms</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>占比</translation>
    </message>
    <message>
        <source>Calls</source>
        <translation>调用</translation>
    </message>
    <message>
        <source>Mean µs</source>
        <translation>平均 µs</translation>
    </message>
    <message>
        <source>Longest µs</source>
        <translation>最长 µs</translation>
    </message>
    <message>
        <source>Call</source>
        <translation>调用</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>层级</translation>
    </message>
    <message>
        <source>Matrix</source>
        <translation>矩阵</translation>
    </message>
    <message>
        <source>Use of the matrix unit, weighted by time</source>
        <translation>矩阵单元利用率，按时间加权</translation>
    </message>
    <message>
        <source>Vector</source>
        <translation>向量</translation>
    </message>
    <message>
        <source>Use of the vector unit, weighted by time</source>
        <translation>向量单元利用率，按时间加权</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>搬入</translation>
    </message>
    <message>
        <source>Use of the load pipe (MTE2), weighted by time</source>
        <translation>搬入流水线（MTE2）利用率，按时间加权</translation>
    </message>
</context>
<context>
    <name>Stages</name>
    <message>
        <source>about {seconds} s left</source>
        <translation>约剩 {seconds} 秒</translation>
    </message>
</context>
<context>
    <name>Steps</name>
    <message>
        <source>Latents over steps</source>
        <translation>隐变量随步骤的变化</translation>
    </message>
    <message>
        <source>denoising step</source>
        <translation>去噪步</translation>
    </message>
    <message>
        <source>relative L2 error of the latents</source>
        <translation>隐变量的相对 L2 误差</translation>
    </message>
    <message>
        <source>free running</source>
        <translation>自由运行</translation>
    </message>
    <message>
        <source>golden latents fed into each step</source>
        <translation>每步都输入原模型的隐变量</translation>
    </message>
    <message>
        <source>Denoising step</source>
        <translation>去噪步</translation>
    </message>
    <message>
        <source>This run has no steps: it has no denoising loop, or it did not get that far.</source>
        <translation>这次运行没有步骤：没有去噪循环，或没有运行到那里。</translation>
    </message>
    <message>
        <source>step {step}, timestep {time}: free {free}</source>
        <translation>第 {step} 步，时间步 {time}：自由运行 {free}</translation>
    </message>
    <message>
        <source>, alone {alone}</source>
        <translation>，单步 {alone}</translation>
    </message>
</context>
<context>
    <name>Strip</name>
    <message>
        <source>Passes of the compiler</source>
        <translation>编译器的各个 pass</translation>
    </message>
    <message>
        <source>{n} added</source>
        <translation>新增 {n}</translation>
    </message>
    <message>
        <source>{n} removed</source>
        <translation>移除 {n}</translation>
    </message>
    <message>
        <source>{n} fused or split</source>
        <translation>融合或拆分 {n}</translation>
    </message>
    <message>
        <source>{n} changed</source>
        <translation>改变 {n}</translation>
    </message>
    <message>
        <source>{n} nodes</source>
        <translation>{n} 个节点</translation>
    </message>
    <message>
        <source>nothing changed</source>
        <translation>无变化</translation>
    </message>
    <message>
        <source>the first graph</source>
        <translation>第一张图</translation>
    </message>
</context>
<context>
    <name>TensorTabs</name>
    <message>
        <source>Histogram</source>
        <translation>直方图</translation>
    </message>
    <message>
        <source>Original against target</source>
        <translation>原模型与目标</translation>
    </message>
    <message>
        <source>Error against magnitude</source>
        <translation>误差与幅值</translation>
    </message>
    <message>
        <source>index</source>
        <translation>下标</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>target</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>difference</source>
        <translation>差值</translation>
    </message>
    <message>
        <source>channel</source>
        <translation>通道</translation>
    </message>
    <message>
        <source>relative L2</source>
        <translation>相对 L2</translation>
    </message>
    <message>
        <source>max abs</source>
        <translation>最大绝对误差</translation>
    </message>
    <message>
        <source>Scatter</source>
        <translation>散点图</translation>
    </message>
    <message>
        <source>By magnitude</source>
        <translation>误差与幅值</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation>热力图</translation>
    </message>
    <message>
        <source>Worst</source>
        <translation>最差元素</translation>
    </message>
    <message>
        <source>Worst elements</source>
        <translation>最差元素</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>通道</translation>
    </message>
    <message>
        <source>Worst channels</source>
        <translation>最差通道</translation>
    </message>
    <message>
        <source>Axis {axis} of the tensor</source>
        <translation>张量的第 {axis} 轴</translation>
    </message>
    <message>
        <source>value</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>elements</source>
        <translation>元素数</translation>
    </message>
    <message>
        <source>original (y = x; bands: 1 % and 10 %)</source>
        <translation>原模型（y = x；虚线：1 % 与 10 %）</translation>
    </message>
    <message>
        <source>size of the original&apos;s value</source>
        <translation>原值大小</translation>
    </message>
    <message>
        <source>size of the error</source>
        <translation>误差大小</translation>
    </message>
</context>
<context>
    <name>TensorView</name>
    <message>
        <source>whole run</source>
        <translation>整网运行</translation>
    </message>
    <message>
        <source>own input</source>
        <translation>单层</translation>
    </message>
    <message>
        <source>The target&apos;s tensor of the whole run, or of this layer alone on the original&apos;s values (O)</source>
        <translation>目标张量取自整网运行，或取自以原模型的值单独运行本层（O）</translation>
    </message>
    <message>
        <source>Which run</source>
        <translation>哪次运行</translation>
    </message>
    <message>
        <source>original</source>
        <translation>原模型</translation>
    </message>
    <message>
        <source>target</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>Statistics</source>
        <translation>统计</translation>
    </message>
    <message>
        <source>distance</source>
        <translation>距离</translation>
    </message>
    <message>
        <source>value</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>距离</translation>
    </message>
    <message>
        <source>No layer is selected.</source>
        <translation>未选中任何层。</translation>
    </message>
</context>
<context>
    <name>Tile</name>
    <message>
        <source>Layers</source>
        <translation>逐层</translation>
    </message>
    <message>
        <source>Compare it layer by layer, on what the pipeline gave it</source>
        <translation>用流水线给它的输入逐层比对</translation>
    </message>
    <message>
        <source>culprit</source>
        <translation>问题所在</translation>
    </message>
    <message>
        <source> · {ratio}× usual</source>
        <translation> · 是通常的 {ratio} 倍</translation>
    </message>
    <message>
        <source>exactly equal</source>
        <translation>完全相同</translation>
    </message>
    <message>
        <source>error {error}</source>
        <translation>误差 {error}</translation>
    </message>
    <message>
        <source>{count} calls</source>
        <translation>{count} 次调用</translation>
    </message>
    <message>
        <source>{count} calls · {golden} → {target} ms</source>
        <translation>{count} 次调用 · {golden} → {target} 毫秒</translation>
    </message>
    <message>
        <source>runtime: automatic</source>
        <translation>运行时：自动</translation>
    </message>
    <message>
        <source>Which one the next run by hand takes</source>
        <translation>下一次手动运行用哪一个</translation>
    </message>
    <message>
        <source>The pipeline&apos;s file names no MindIR for it</source>
        <translation>流水线文件没有给它指定 MindIR</translation>
    </message>
</context>
<context>
    <name>Timeline</name>
    <message>
        <source>Timeline</source>
        <translation>时间线</translation>
    </message>
    <message>
        <source>This profile has no time axis.</source>
        <translation>该剖析数据没有时间轴。</translation>
    </message>
    <message>
        <source>compute</source>
        <translation>计算</translation>
    </message>
    <message>
        <source>layout and type changes</source>
        <translation>排布与类型转换</translation>
    </message>
    <message>
        <source>transfers</source>
        <translation>传输</translation>
    </message>
    <message>
        <source>communication</source>
        <translation>通信</translation>
    </message>
    <message>
        <source>host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>AI CPU</source>
        <translation>AI CPU</translation>
    </message>
    <message>
        <source>{duration} µs from {start} ms on</source>
        <translation>自 {start} 毫秒起，{duration} 微秒</translation>
    </message>
    <message>
        <source>Lines over time, by level</source>
        <translation>各级别日志行随时间的分布</translation>
    </message>
    <message>
        <source>Click: go there. Drag the edges: only this time.</source>
        <translation>单击：跳到该处。拖动边缘：只看这段时间。</translation>
    </message>
</context>
<context>
    <name>TunePane</name>
    <message>
        <source>Tune</source>
        <translation>调优</translation>
    </message>
    <message>
        <source>ONNX model</source>
        <translation>ONNX 模型</translation>
    </message>
    <message>
        <source>Models (*.onnx)</source>
        <translation>模型 (*.onnx)</translation>
    </message>
    <message>
        <source>-1 for a size that varies; then give the sizes of each profile</source>
        <translation>可变的尺寸写 -1，再给出每档的尺寸</translation>
    </message>
    <message>
        <source>subgraphs</source>
        <translation>子图</translation>
    </message>
    <message>
        <source>operators</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>the converter</source>
        <translation>转换工具</translation>
    </message>
    <message>
        <source>the command aoe</source>
        <translation>aoe 命令</translation>
    </message>
    <message>
        <source>the converter&apos;s own</source>
        <translation>转换工具默认</translation>
    </message>
    <message>
        <source>Knowledge bank</source>
        <translation>知识库</translation>
    </message>
    <message>
        <source>AOE&apos;s own</source>
        <translation>AOE 默认</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Results (*.json *.txt *.log *.ini *.cfg)</source>
        <translation>结果 (*.json *.txt *.log *.ini *.cfg)</translation>
    </message>
    <message>
        <source>Drop aoe_result_*.json, printed output, or the converter&apos;s configuration</source>
        <translation>拖入 aoe_result_*.json、打印输出或转换配置</translation>
    </message>
    <message>
        <source>Of the MindSpore Lite that tuned, if it is known</source>
        <translation>调优所用 MindSpore Lite 的版本（若已知）</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>调优前</translation>
    </message>
    <message>
        <source>Models (*.mindir *.ms *.onnx)</source>
        <translation>模型 (*.mindir *.ms *.onnx)</translation>
    </message>
    <message>
        <source>After</source>
        <translation>调优后</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>ONNX</source>
        <translation>ONNX</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Tuning</source>
        <translation>调优</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Through</source>
        <translation>方式</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Profiles</source>
        <translation>档位</translation>
    </message>
    <message>
        <source>NPU</source>
        <translation>NPU</translation>
    </message>
    <message>
        <source>Bank</source>
        <translation>知识库</translation>
    </message>
    <message>
        <source>Results from elsewhere</source>
        <translation>外部结果</translation>
    </message>
    <message>
        <source>Lite version</source>
        <translation>Lite 版本</translation>
    </message>
    <message>
        <source>Proof: speed and accuracy of converted models</source>
        <translation>验证：转换后模型的速度与精度</translation>
    </message>
    <message>
        <source>By AOE</source>
        <translation>AOE 结果</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Worst output</source>
        <translation>最差输出</translation>
    </message>
    <message>
        <source>Compared in</source>
        <translation>比较记录</translation>
    </message>
    <message>
        <source>The plan with its commands comes when tuning begins.</source>
        <translation>开始调优时给出方案及命令。</translation>
    </message>
    <message>
        <source>Choose an ONNX model: where AOE is installed it is tuned, elsewhere plan and commands are written for the server.

Drop results here to see what was tuned and how much, and give the converted models to prove speed and accuracy.</source>
        <translation>选择 ONNX 模型：装有 AOE 时直接调优，否则为服务器写出方案和命令。

把结果拖到这里可查看调优了什么、提升多少；给出转换后的模型可验证速度和精度。</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>Prove</source>
        <translation>验证</translation>
    </message>
    <message>
        <source>Choose an ONNX model, or drop results of AOE</source>
        <translation>选择 ONNX 模型，或拖入 AOE 的结果</translation>
    </message>
    <message>
        <source>Choose subgraphs, operators, or both</source>
        <translation>请选择子图、算子或两者</translation>
    </message>
    <message>
        <source>Tuning; AOE may be silent for hours</source>
        <translation>正在调优；AOE 可能数小时没有输出</translation>
    </message>
    <message>
        <source>The tuning was stopped</source>
        <translation>调优已停止</translation>
    </message>
    <message>
        <source>What does AOE bring, and is the tuned model still right?</source>
        <translation>AOE 带来多少提升？调优后的模型还正确吗？</translation>
    </message>
    <message>
        <source>Where AOE is not installed, plan and commands are written for the server. Results can be dropped.</source>
        <translation>未安装 AOE 时，会为服务器写出方案和命令。可拖入结果。</translation>
    </message>
</context>
<context>
    <name>TunePlots</name>
    <message>
        <source>Before and after</source>
        <translation>调优前后</translation>
    </message>
    <message>
        <source>operators, µs</source>
        <translation>算子，微秒</translation>
    </message>
    <message>
        <source>whole models, ms</source>
        <translation>整个模型，毫秒</translation>
    </message>
    <message>
        <source>before</source>
        <translation>调优前</translation>
    </message>
    <message>
        <source>after</source>
        <translation>调优后</translation>
    </message>
</context>
<context>
    <name>Viewer</name>
    <message>
        <source>no picture</source>
        <translation>没有图片</translation>
    </message>
</context>
<context>
    <name>Welcome</name>
    <message>
        <source>Why does the model give another answer after it was moved from ONNX to MindSpore Lite or Ascend? Both models run layer by layer, and the layer that makes the error is named.</source>
        <translation>模型从 ONNX 迁移到 MindSpore Lite 或昇腾后，结果为何不同？两个模型逐层运行，找出产生误差的那一层。</translation>
    </message>
    <message>
        <source>Drop an ONNX and a MindIR here</source>
        <translation>把 ONNX 和 MindIR 拖放到这里</translation>
    </message>
    <message>
        <source>Or a folder: pairs are found by name. A run folder that was made on a server opens here, too.</source>
        <translation>也可以拖放文件夹：按名称配对。在服务器上生成的运行目录同样可以在此打开。</translation>
    </message>
    <message>
        <source>Open the sample</source>
        <translation>打开示例</translation>
    </message>
    <message>
        <source>A small text encoder that the converter got wrong; takes two seconds</source>
        <translation>一个被转换器转错的小型文本编码器；约需两秒</translation>
    </message>
    <message>
        <source>New comparison …</source>
        <translation>新建比对…</translation>
    </message>
    <message>
        <source>Open a run …</source>
        <translation>打开运行…</translation>
    </message>
    <message>
        <source>Or</source>
        <translation>或者</translation>
    </message>
    <message>
        <source>Opened before</source>
        <translation>最近打开</translation>
    </message>
</context>
<context>
    <name>WhyView</name>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>What</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Both nodes</source>
        <translation>两侧节点</translation>
    </message>
    <message>
        <source>No layer fails. Select one to see both of its nodes.</source>
        <translation>没有失败的层。选中一层可查看其两侧节点。</translation>
    </message>
    <message>
        <source>Select a layer to see why it differs. N goes to the next failure, C to the culprit.</source>
        <translation>选中一层查看不同的原因。按 N 跳到下一个失败层，按 C 跳到元凶。</translation>
    </message>
    <message>
        <source>node</source>
        <translation>节点</translation>
    </message>
    <message>
        <source>attribute</source>
        <translation>属性</translation>
    </message>
    <message>
        <source>input</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>weight</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>The two sides differ here.</source>
        <translation>两侧在此不同。</translation>
    </message>
    <message>
        <source>operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>{format} (original)</source>
        <translation>{format}（原模型）</translation>
    </message>
    <message>
        <source>{format} (target)</source>
        <translation>{format}（目标）</translation>
    </message>
    <message>
        <source>cumulative</source>
        <translation>累计</translation>
    </message>
    <message>
        <source>own input</source>
        <translation>单层</translation>
    </message>
    <message>
        <source>in the reference runtime</source>
        <translation>参考运行时中</translation>
    </message>
    <message>
        <source>With the original&apos;s value put back, the error is gone.</source>
        <translation>换回原模型的值后，误差消失。</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>怎么办</translation>
    </message>
    <message>
        <source>It could not be run alone, so it is not known whether it makes the error itself.</source>
        <translation>该层无法单独运行，因此不知道误差是否由它自身产生。</translation>
    </message>
    <message>
        <source>On the original&apos;s own values this layer is right: it only carries an error that an earlier layer made.</source>
        <translation>以原模型的值为输入时本层是正确的：它只是传递了前面某层产生的误差。</translation>
    </message>
</context>
<context>
    <name>Words</name>
    <message>
        <source>the compiler added it: {passes}</source>
        <translation>编译器新增：{passes}</translation>
    </message>
    <message>
        <source>it is gone, and no node says that it does its work</source>
        <translation>它已消失，且没有节点声明替代了它</translation>
    </message>
    <message>
        <source>{name} ({count} nodes)</source>
        <translation>{name}（{count} 个节点）</translation>
    </message>
    <message>
        <source>compilation {n}</source>
        <translation>第 {n} 次编译</translation>
    </message>
    <message>
        <source>compilation without a number</source>
        <translation>未编号的编译</translation>
    </message>
    <message>
        <source>Golden</source>
        <translation>基准</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>After</source>
        <translation>之后</translation>
    </message>
    <message>
        <source>Reading {name} …</source>
        <translation>正在读取 {name} …</translation>
    </message>
    <message>
        <source>{name}: errors of the comparison on both graphs</source>
        <translation>{name}：比较误差显示在两张图上</translation>
    </message>
    <message>
        <source>{before}  →  {after}</source>
        <translation>{before}  →  {after}</translation>
    </message>
    <message>
        <source>{name}: {nodes} nodes, {edges} edges</source>
        <translation>{name}：{nodes} 个节点，{edges} 条边</translation>
    </message>
    <message>
        <source>Nothing differs: {count} nodes are the same</source>
        <translation>没有差异：{count} 个节点相同</translation>
    </message>
    <message>
        <source>{n} fused</source>
        <translation>融合 {n}</translation>
    </message>
    <message>
        <source>{n} split</source>
        <translation>拆分 {n}</translation>
    </message>
    <message>
        <source>{n} added</source>
        <translation>新增 {n}</translation>
    </message>
    <message>
        <source>{n} removed</source>
        <translation>移除 {n}</translation>
    </message>
    <message>
        <source>{n} changed</source>
        <translation>改变 {n}</translation>
    </message>
    <message>
        <source>{n} in a narrower type</source>
        <translation>降低精度 {n}</translation>
    </message>
    <message>
        <source>{n} × {op} inserted</source>
        <translation>插入 {n} 个 {op}</translation>
    </message>
    <message>
        <source>only the order of inputs differs</source>
        <translation>仅输入顺序不同</translation>
    </message>
</context>
</TS>
