package i18n

// sheetTexts are what is said of a spreadsheet's file.
var sheetTexts = texts{
	"sheet.damaged":     {EN: "the spreadsheet is damaged or not whole, and cannot be read ({error}): open it in the program that made it and save it again, or save the list as CSV", ZH: "电子表格已损坏或不完整，无法读取（{error}）：请用原来的软件打开并重新保存，或把清单存成 CSV"},
	"sheet.password":    {EN: "the spreadsheet is protected by a password: save it without one", ZH: "电子表格有密码保护：请取消密码后保存"},
	"sheet.time_over":   {EN: "the spreadsheet was not read in the time that there was for it: {error}", ZH: "电子表格没有在规定时间内读完：{error}"},
	"sheet.interrupted": {EN: "the spreadsheet was not read to its end: {error}", ZH: "电子表格没有读完：{error}"},

	// Other kinds of files.
	"sheet.xlsb":    {EN: "this is a binary spreadsheet (.xlsb): save it as .xlsx, or save the list as CSV", ZH: "这是二进制电子表格（.xlsb）：请另存为 .xlsx，或把清单存成 CSV"},
	"sheet.docx":    {EN: "this is a text document (.docx), not a list: copy its table into a spreadsheet and save that as .xlsx", ZH: "这是 Word 文档（.docx），不是清单：请把表格复制到电子表格中，另存为 .xlsx"},
	"sheet.numbers": {EN: "this is a spreadsheet of Apple's Numbers (.numbers): export it as .xlsx or CSV", ZH: "这是苹果 Numbers 表格（.numbers）：请导出为 .xlsx 或 CSV"},
	"sheet.ods":     {EN: "this is an OpenDocument file (.ods), not .xlsx: save it as .xlsx, or save the list as CSV", ZH: "这是 OpenDocument 表格（.ods），不是 .xlsx：请另存为 .xlsx，或把清单存成 CSV"},
	"sheet.zip":     {EN: "this is a zip archive and no spreadsheet: unpack it and name the list that is in it, or save the list as CSV", ZH: "这是 zip 压缩包，不是电子表格：请解压后指定其中的清单，或把清单存成 CSV"},

	// More than any spreadsheet needs.
	"sheet.overlap":         {EN: "the parts of the spreadsheet lie over one another: it may be made to do harm", ZH: "电子表格的各部分互相重叠，可能是恶意构造的"},
	"sheet.bomb":            {EN: "the spreadsheet unpacks to far more than its size ({bytes} bytes and more): it may be made to do harm", ZH: "电子表格解压后远大于文件本身（超过 {bytes} 字节）：可能是恶意文件"},
	"sheet.too_much_text":   {EN: "the spreadsheet has more than {bytes} bytes once it is unpacked, which is the most allowed", ZH: "电子表格解压后超过 {bytes} 字节，超出上限"},
	"sheet.long_text":       {EN: "the spreadsheet has a text of more than {bytes} bytes in one cell, which no spreadsheet program writes", ZH: "电子表格的一个单元格中有超过 {bytes} 字节的文字，表格软件不会写出这样的内容"},
	"sheet.many_areas":      {EN: "the spreadsheet has more than {most} formulas that fill the same rows: it may be made to do harm", ZH: "电子表格有超过 {most} 个公式填充相同的行：可能是恶意文件"},
	"sheet.many_parts":      {EN: "this zip archive has too many parts for a spreadsheet: it may be made to do harm", ZH: "这个 zip 压缩包的部分太多，不像电子表格：可能是恶意文件"},
	"sheet.many_references": {EN: "this spreadsheet has more than {most} references from one part to others: it may be made to do harm", ZH: "电子表格中一个部分对其他部分的引用超过 {most} 个：可能是恶意文件"},
	"sheet.many_sheets":     {EN: "this spreadsheet has more than {most} sheets: it may be made to do harm", ZH: "电子表格的工作表超过 {most} 个：可能是恶意文件"},
	"sheet.many_styles":     {EN: "this spreadsheet has more than {most} styles: it may be made to do harm", ZH: "电子表格的样式超过 {most} 个：可能是恶意文件"},

	// What is damaged.
	"sheet.not_editable": {EN: "the sheet's markup cannot be edited", ZH: "工作表的内容无法编辑"},
	"sheet.too_deep":     {EN: "its elements are nested too deeply", ZH: "元素嵌套太深"},
	"sheet.after_end":    {EN: "a part of it goes on after its end", ZH: "其中一个部分在结尾之后还有内容"},
	"sheet.other_part":   {EN: "a part of it is <{is}> and not <{wanted}>", ZH: "其中一个部分是 <{is}>，而不是 <{wanted}>"},
	"sheet.encoding":     {EN: "a part of it is in an encoding that is not known, {encoding:q}", ZH: "其中一个部分使用了不认识的编码 {encoding:q}"},
	"sheet.missing":      {EN: "sheet {sheet:q} is missing from it", ZH: "其中缺少工作表 {sheet:q}"},
	"sheet.twice":        {EN: "sheet {sheet:q} is another one as well", ZH: "工作表 {sheet:q} 与另一个工作表是同一个"},
	"sheet.row_order":    {EN: "row {row:q} comes after row {last}", ZH: "第 {row:q} 行排在第 {last} 行之后"},
	"sheet.many_rows":    {EN: "a sheet has at most {most} rows", ZH: "工作表最多 {most} 行"},
	"sheet.cell_place":   {EN: "cell {cell:q} is out of its place in row {row}", ZH: "单元格 {cell:q} 不应在第 {row} 行的这个位置"},
	"sheet.many_columns": {EN: "row {row} has more columns than a sheet can have", ZH: "第 {row} 行的列数超过工作表的上限"},
	"sheet.no_strings":   {EN: "it has no shared strings, and a cell needs one", ZH: "没有共享字符串表，而有单元格需要它"},
	"sheet.no_string":    {EN: "a cell needs shared string {string:q}, and there is none", ZH: "有单元格需要共享字符串 {string:q}，而它不存在"},
	"sheet.no_style":     {EN: "a cell needs style {style:q}, and there is none", ZH: "有单元格需要样式 {style:q}，而它不存在"},
	"sheet.part_twice":   {EN: "it has two parts called {part}", ZH: "有两个部分都叫 {part}"},
	"sheet.two_mains":    {EN: "it has two main parts", ZH: "有两个主要部分"},
	"sheet.no_main":      {EN: "its main part is missing", ZH: "缺少主要部分"},
}
