package i18n

// reportTexts are what is said of reports and what they cannot hold.
var reportTexts = texts{
	"report.encoding":  {EN: "--encoding {value:q}: it is utf-8, utf-8-bom or gb18030", ZH: "--encoding {value:q}：应为 utf-8、utf-8-bom 或 gb18030"},
	"report.too_wide":  {EN: "the list and its outcomes have {n} columns, and a spreadsheet has at most {most}: write the report as .csv", ZH: "清单加上结果共有 {n} 列，而电子表格最多 {most} 列：请把报告写成 .csv"},
	"report.long_text": {EN: "a text of the list ({text:q}) has more than {most} characters, which no cell of a spreadsheet can hold: write the report as .csv", ZH: "清单中有一段文字（{text:q}）超过 {most} 个字符，电子表格的单元格放不下：请把报告写成 .csv"},
	"report.name":      {EN: "a report's name ends in .csv or .jsonl, which says how it is written: {name:q} does not", ZH: "报告的文件名应以 .csv 或 .jsonl 结尾，以说明写成哪种格式：{name:q} 不是"},
}
