package i18n

// sourceTexts are why a schedule's list cannot be read from where it is kept.
var sourceTexts = texts{
	"source.relative_folder": {EN: "the folder {folder:q} for lists is relative: write its whole path", ZH: "清单文件夹 {folder:q} 是相对路径：请写完整路径"},
	"source.negative":        {EN: "a bound of sources is negative", ZH: "清单来源的某个上限为负数"},
	"source.empty":           {EN: "the source is empty: name a file by its whole path, or an https address", ZH: "来源是空的：请用完整路径指定文件，或写 https 地址"},
	"source.stdin":           {EN: "standard input cannot be a source: a worker has none; name a file or an https address", ZH: "标准输入不能作为来源，worker 没有标准输入：请指定文件或 https 地址"},
	"source.zero_byte":       {EN: "the path has a zero byte in it", ZH: "路径中有零字节"},
	"source.relative":        {EN: "the path is relative, and each worker may run elsewhere: write the whole path, or an https address", ZH: "这是相对路径，而各个 worker 的工作目录可能不同：请写完整路径，或 https 地址"},
	"source.dots":            {EN: "the path has .. in it: write it without", ZH: "路径中有 ..：请去掉"},
	"source.outside":         {EN: "the file lies outside of the folders that the configuration allows for lists", ZH: "文件不在 worker 配置允许读取清单的文件夹内"},
	"source.link_outside":    {EN: "a symbolic link leads outside of the folders that the configuration allows for lists", ZH: "符号链接指向了 worker 配置允许读取清单的文件夹之外"},
	"source.no_file":         {EN: "this is no regular file but a device, a pipe or a socket, and no list", ZH: "这是设备、管道或套接字，不是清单"},
	"source.changed":         {EN: "the file changed while it was read: write a new list beside it and rename that", ZH: "读取时文件被修改了：请把新清单写成另一个文件，再改名替换"},

	// An address.
	"source.bad_address":  {EN: "the address cannot be asked for", ZH: "无法请求这个地址"},
	"source.too_late":     {EN: "{said}", ZH: "{said}"},
	"source.not_had":      {EN: "the list cannot be had: {said}", ZH: "无法取得清单：{said}"},
	"source.not_modified": {EN: "the host says that the list is still the same, which it was not asked (HTTP {status})", ZH: "对方回答清单没有变化，而并没有这样问它（HTTP {status}）"},
	"source.not_found":    {EN: "there is no list at this address (HTTP {status})", ZH: "这个地址没有清单（HTTP {status}）"},
	"source.forbidden":    {EN: "the host refuses to give the list (HTTP {status}): a signed link may have expired", ZH: "对方拒绝提供清单（HTTP {status}）：带签名的链接可能已过期"},
	"source.not_now":      {EN: "the host cannot give the list at the moment (HTTP {status})", ZH: "对方暂时无法提供清单（HTTP {status}）"},
	"source.other_answer": {EN: "the host answers with something other than a list (HTTP {status})", ZH: "对方返回的不是清单（HTTP {status}）"},
	"source.web_page":     {EN: "the host answers with a web page instead of a list: does it want a log-in?", ZH: "对方返回的是网页，不是清单：是不是需要登录？"},
	"source.no_end":       {EN: "the answer does not say where it ends (by Content-Length, or chunked), so that a list cut short could not be told from a whole one", ZH: "应答没有说明在哪里结束（Content-Length 或 chunked），无法判断清单是否完整"},

	// Reading.
	"source.broke_off":     {EN: "the list broke off after {bytes} bytes, before its end", ZH: "清单在 {bytes} 字节处中断，没有传完"},
	"source.broke_off_of":  {EN: "the list broke off after {bytes} of {size} bytes", ZH: "清单在 {bytes} / {size} 字节处中断"},
	"source.broke_off_why": {EN: "the list broke off after {bytes} bytes: {said}", ZH: "清单在 {bytes} 字节处中断：{said}"},
	"source.too_large":     {EN: "the list is larger than {bytes} bytes, which is the most allowed", ZH: "清单超过了允许的上限 {bytes} 字节"},
	"source.too_long":      {EN: "the list was not read within {time}, which is the most allowed", ZH: "没有在允许的 {time}内读完清单"},
	"source.too_slow":      {EN: "the list comes too slowly, at less than {speed} bytes a second over {window}: it was cut off", ZH: "清单传得太慢，{window}内每秒不到 {speed} 字节，已断开"},
}
