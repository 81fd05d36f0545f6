package i18n

// helpTexts are what --help says.
var helpTexts = texts{
	"help.root": {EN: "Associate large store lists with WeChat Pay product coupons, and tell of every store what became of it", ZH: "为微信支付商品券关联大批门店，并给出每家门店的结果"},
	"help.root_long": {EN: `Associate large store lists with WeChat Pay product coupons, and tell of every store what became of it.

A list is checked whole before anything is sent. Then it is a job: workers send it at the pace that WeChat Pay allows,
send again what failed in passing, and record each store's outcome. Without Redis the job runs in this process.

Exit status: 0 all well (with --wait: every store succeeded); 1 it could not be done now; 2 the call or its input is
wrong, or the target has a job at work, and nothing was sent; 3 the job ended with stores that failed or were left
unprocessed; 130 interrupted.`, ZH: `为微信支付商品券关联大批门店，并给出每家门店的结果。

清单在发送前会完整检查。之后它成为一个任务：worker 按微信支付允许的速率发送，
暂时失败的会自动重发，并记录每家门店的结果。没有 Redis 时任务在本进程中执行。

退出状态：0 一切正常（使用 --wait 时：全部门店成功）；1 现在无法完成；2 调用或输入有误，
或该对象已有任务在处理，没有发送任何内容；3 任务结束，但有门店失败或未处理；130 被中断。`},
	"help.root_example": {EN: `  enqueue associate stores.csv --sandbox                 try it: a built-in stand-in for WeChat Pay, no keys needed
  enqueue associate stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --wait
  enqueue jobs --state running
  enqueue results 20260701-093000-k3jq7w2p --only failed`, ZH: `  enqueue associate stores.csv --sandbox                 试一试：使用内置的微信支付沙箱，不需要密钥
  enqueue associate stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --wait
  enqueue jobs --state running
  enqueue results 20260701-093000-k3jq7w2p --only failed`},
	"help.accounts": {EN: "List the accounts that workers have published, and who serves them", ZH: "列出 worker 发布的账号，以及由谁提供服务"},
	"help.accounts_long": {EN: `List the accounts that workers have published, the calls a second that are in force for each interface, and the workers
that serve them now.

With --json: one array of accounts.`, ZH: `列出 worker 发布的账号、每个接口当前的每秒调用次数，以及目前提供服务的 worker。

使用 --json：一个账号数组。`},
	"help.submit_long": {EN: `{what}.

LIST is a file, or - for standard input: a spreadsheet (.xlsx), CSV, TSV, plain text with an ID a line, or JSON lines;
plain or gzip; text in UTF-8 or GB18030. It is checked whole before anything is sent: a list with a bad row is refused with the rows' lines, or
--set-aside writes its bad rows to a file of their own and goes on with the rest. Repeats are dropped and counted.

Without Redis (--redis, REDIS_URL, the configuration), or with --here, the job runs in this process with the
configuration's keys, waits for the end and writes the report. --sandbox runs it here against a built-in stand-in for
WeChat Pay and needs nothing but the list.`, ZH: `{what}。

清单（LIST）是文件，或用 - 表示标准输入：电子表格（.xlsx）、CSV、TSV、每行一个 ID 的纯文本，或 JSON lines；
可以用 gzip 压缩；文本为 UTF-8 或 GB18030。清单在发送前会完整检查：有无效行的清单会被拒绝并列出行号，
或用 --set-aside 把无效行写入单独的文件，其余照常进行。重复的门店会去掉并计数。

没有 Redis（--redis、REDIS_URL、配置文件）或使用 --here 时，任务在本进程中用配置里的密钥执行，
等待结束并写出报告。--sandbox 在本机对内置的微信支付沙箱执行，只需要清单。`},
	"help.associate":    {EN: "Associate the stores of a list with a stock or a stock bundle", ZH: "把清单中的门店关联到批次或批次组"},
	"help.disassociate": {EN: "Disassociate the stores of a list from a stock or a stock bundle", ZH: "取消清单中的门店与批次或批次组的关联"},
	"help.cancel":       {EN: "End a job before all of it was sent", ZH: "在全部发送完之前结束任务"},
	"help.cancel_long": {EN: `End a job before all of it was sent. Calls in flight are finished and recorded (the job is cancelling until then);
stores that are not decided by then are left unprocessed. Stores that are done stay done. On a terminal it asks once.

With --json: the status document after it.`, ZH: `在全部发送完之前结束任务。进行中的调用会完成并记录（在此之前任务处于取消中）；
届时还没有结果的门店不再处理。已完成的门店保持不变。在终端上会询问一次。

使用 --json：取消之后的状态文档。`},
	"help.completion": {EN: "Write the script that completes enqueue's commands in a shell", ZH: "输出在 shell 中补全 enqueue 命令的脚本"},
	"help.completion_long": {EN: `Write the script that completes enqueue's commands in a shell: bash, zsh, fish or powershell. Commands and flags are
completed, and the IDs of jobs and batches, the names of accounts and schedules, as Redis and the configuration have them
(STORELINK_CONFIG, REDIS_URL, or the flags typed so far); where Redis does not answer within a second, nothing is offered.

bash (with the package bash-completion), for this shell, for yourself, for all on this machine:
  source <(enqueue completion bash)
  enqueue completion bash > ~/.local/share/bash-completion/completions/enqueue
  enqueue completion bash > /etc/bash_completion.d/enqueue

zsh, where compinit runs (autoload -U compinit; compinit), into a folder of $fpath:
  enqueue completion zsh > "${{fpath[1]}}/_enqueue"

fish:
  enqueue completion fish > ~/.config/fish/completions/enqueue.fish

PowerShell, for this shell, or as a line of the profile ($PROFILE):
  enqueue completion powershell | Out-String | Invoke-Expression`, ZH: `输出在 shell（bash、zsh、fish 或 powershell）中补全 enqueue 命令的脚本。可以补全命令和选项，
以及 Redis 和配置中的任务与批量任务 ID、账号和定时任务的名称
（STORELINK_CONFIG、REDIS_URL，或已输入的选项）；Redis 一秒内没有应答时不提供候选。

bash（需要软件包 bash-completion）：依次为当前 shell、自己、本机所有人：
  source <(enqueue completion bash)
  enqueue completion bash > ~/.local/share/bash-completion/completions/enqueue
  enqueue completion bash > /etc/bash_completion.d/enqueue

zsh：需要启用 compinit（autoload -U compinit; compinit），写入 $fpath 中的文件夹：
  enqueue completion zsh > "${{fpath[1]}}/_enqueue"

fish：
  enqueue completion fish > ~/.config/fish/completions/enqueue.fish

PowerShell：用于当前 shell，或作为配置文件（$PROFILE）中的一行：
  enqueue completion powershell | Out-String | Invoke-Expression`},
	"help.jobs": {EN: "List the jobs, the newest first", ZH: "列出任务，最新的在前"},
	"help.jobs_long": {EN: `List the jobs, the newest first. Jobs that have ended are kept for a time (30 days unless configured), then expire.

With --json: one array of status documents.`, ZH: `列出任务，最新的在前。已结束的任务保留一段时间（默认 30 天），然后过期。

使用 --json：一个状态文档数组。`},
	"help.onboard": {EN: "Associate the stores of many targets at once, as one batch", ZH: "作为一个批量任务，一次为多个对象关联门店"},
	"help.onboard_long": {EN: `Associate the stores of many targets at once: a batch of one job a target. MANIFEST is YAML:

  defaults: {{account: acme, list: lists/all.csv}}
  targets:
    - {{brand: "120344", coupon: "1002323", stock: "100232301"}}
    - {{brand: "120345", coupon: "1002324", bundle: "100232401", list: lists/north.csv, priority: high}}

or one flat table (CSV or TSV) with a row a store: brand_id, product_coupon_id, stock_id or stock_bundle_id, store_id.

All targets and lists are checked before anything is sent, and a list that many targets use is stored once. status, watch,
results, retry, pause, resume and cancel take the batch's ID as they take a job's; enqueue jobs --batch lists its jobs.

Without Redis (--redis, REDIS_URL, the configuration), or with --here, the batch runs in this process with the
configuration's keys, waits for the end and writes the report. --sandbox runs it here against a built-in stand-in for
WeChat Pay, which stands in for the manifest's accounts too, and needs nothing but the manifest.

With --json: the batch's status document, which has batch, targets and jobs (how many by state) beside what a job's has; and
repeats and set_aside, or with --wait or here, report.`, ZH: `一次为多个对象关联门店：批量任务中每个对象一个任务。批量清单（MANIFEST）是 YAML：

  defaults: {{account: acme, list: lists/all.csv}}
  targets:
    - {{brand: "120344", coupon: "1002323", stock: "100232301"}}
    - {{brand: "120345", coupon: "1002324", bundle: "100232401", list: lists/north.csv, priority: high}}

或者一张平面表（CSV 或 TSV），每行一家门店：brand_id、product_coupon_id、stock_id 或 stock_bundle_id、store_id。

所有对象和清单在发送前都会检查，多个对象共用的清单只保存一次。status、watch、results、retry、pause、resume 和
cancel 像接受任务 ID 一样接受批量任务 ID；enqueue jobs --batch 列出其中的任务。

没有 Redis（--redis、REDIS_URL、配置文件）或使用 --here 时，批量任务在本进程中用配置里的密钥执行，等待结束并
写出报告。--sandbox 在本机对内置的微信支付沙箱执行，清单中的账号也由沙箱代替，只需要批量清单。

使用 --json：批量任务的状态文档，除任务的字段外还有 batch、targets 和 jobs（各状态的任务数）；以及 repeats 和
set_aside，使用 --wait 或在本机执行时还有 report。`},
	"help.pause": {EN: "Keep a job from sending any more, until it is resumed", ZH: "让任务停止发送，直到恢复"},
	"help.pause_long": {EN: `Keep a job from sending any more, until it is resumed. Calls in flight are finished and recorded.

With --json: the status document after it.`, ZH: `让任务停止发送，直到恢复。进行中的调用会完成并记录。

使用 --json：暂停之后的状态文档。`},
	"help.resume": {EN: "Let a paused job go on", ZH: "让暂停的任务继续"},
	"help.resume_long": {EN: `Let a paused job go on.

With --json: the status document after it.`, ZH: `让暂停的任务继续。

使用 --json：恢复之后的状态文档。`},
	"help.results": {EN: "Write what became of every store of a job", ZH: "输出任务中每家门店的结果"},
	"help.results_long": {EN: `Write what became of every store of a job, in the list's order, each store once: as CSV to standard output, or to a file
as its ending says (.xlsx, .csv, .jsonl), which appears whole or not at all. The columns are store_id, outcome, code,
message, request_id, attempts and decided_at. It can be asked for at any time: what is not decided yet is pending.

As .xlsx it has a summary, with the failures by code, what each means and what to do, and the stores. CSV is UTF-8 unless
--encoding says otherwise; Excel in China shows Chinese in it as utf-8-bom or gb18030. A field that a spreadsheet would
take for a formula gets an apostrophe before it.

--join gives a list back, CSV, TSV or .xlsx, with every column and row as it was and in its order, and behind them what
became of each row's store (storelink_outcome, …): mostly the list that was submitted. A workbook that is given back as .xlsx
is the same workbook with cells added; in CSV each line has the bytes that it came in, with cells added in the list's encoding
(unless --encoding says otherwise) and with its separator.
--only keeps the header and the rows of the stores with that outcome. Repeats have their store's
outcome; rows without a good store ID read "set aside", and stores that the job does not have "not in the job". Of a
batch, a row stands once for each job that has its store, or for its own target where the list has a column for it.

With --json: a row a line (JSON lines) on standard output.`, ZH: `按清单的顺序输出任务中每家门店的结果，每家一次：CSV 写到标准输出，或按文件名结尾写入文件（.xlsx、.csv、
.jsonl），文件要么完整出现，要么不出现。各列为 store_id、outcome、code、message、request_id、attempts 和
decided_at。随时可以查询：还没有结果的为 pending。

.xlsx 中有汇总（按失败代码统计，说明含义和处理办法）和门店两部分。CSV 为 UTF-8，可用 --encoding 指定；
国内的 Excel 用 utf-8-bom 或 gb18030 才能正确显示中文。会被电子表格当作公式的内容前面加单引号。

--join 把清单（CSV、TSV 或 .xlsx）原样返回，各行各列及顺序不变，后面加上每行门店的结果（storelink_outcome 等）：
一般用提交时的清单。.xlsx 返回的是加了单元格的同一工作簿；CSV 中每行保持原来的字节，加上的单元格使用清单的编码
（除非用 --encoding 指定）和分隔符。
--only 保留表头和结果符合的门店行。重复的门店给出同样的结果；没有有效门店 ID 的行为 “set aside”，任务中没有的
门店为 “not in the job”。对批量任务，一行会按包含该门店的任务各出现一次；清单有对象列时只对应它自己的对象。

使用 --json：在标准输出上每行一个门店（JSON lines）。`},
	"help.resync": {EN: "Bring a stock's stores back in line with a list", ZH: "使批次关联的门店与清单一致"},
	"help.resync_long": {EN: `Bring a stock's stores back in line with a list: the worker lists what is associated now, compares it with LIST, and
associates what is missing. With --prune it then disassociates what is not on the list; more than --max-prune is refused
(10 % of what is associated unless said), so that an empty or truncated list never empties a coupon. Stores that are in
line already are counted, and nothing is sent for them.

The command waits for the plan, tells it, and leaves the rest to the worker (or waits for the end with --wait). With
--dry-run it ends with the plan, and --output writes the difference to a file.

Stock bundles have no list call at WeChat Pay: use associate for them.`, ZH: `使批次关联的门店与清单一致：worker 读取现有关联，与清单（LIST）比较，并关联缺少的门店。使用 --prune 时，
随后取消不在清单上的关联；超过 --max-prune（默认为现有关联的 10%）则拒绝，因此空的或不完整的清单不会清空
商品券。已一致的门店会计数，不为它们发送任何内容。

命令等待计划生成并显示，其余由 worker 完成（或用 --wait 等待结束）。使用 --dry-run 时到计划为止，--output
把差异写入文件。

微信支付没有查询批次组门店的接口：批次组请使用 associate。`},
	"help.retry": {EN: "Make a new job of what failed or was left unprocessed in one that has ended", ZH: "为已结束任务中失败或未处理的门店新建任务"},
	"help.retry_long": {EN: `Make a new job of the stores that failed or were left unprocessed in a job that has ended. It is for the same target,
and as the old one was in all that is not said otherwise; but it is sent at once, unless --at says when. Of a batch it makes
a new batch, of those targets that have such stores.`, ZH: `为已结束任务中失败或未处理的门店新建任务。对象相同，其他未指定的都与原任务一样；但会立即发送，除非用 --at
指定时间。对批量任务会新建批量任务，包含有这类门店的对象。`},
	"help.schedule": {EN: "Make jobs at set times: add, list, show, pause, resume, run and remove schedules", ZH: "按时间新建任务：添加、列出、查看、暂停、恢复、运行和删除定时任务"},
	"help.schedule_long": {EN: `Make jobs at set times. A schedule lives in Redis, and each of its ticks makes exactly one job, whatever becomes of the
workers. The list is read by a worker when the tick comes: a file below a folder, or an https address on a host, that
the worker's configuration allows (sources).

A tick is skipped, and told, while the schedule's last job, or another on its target, is at work. Ticks that no worker
came to within 10 s are told as missed; with --catch-up the latest of them is made up for.`, ZH: `按时间新建任务。定时任务保存在 Redis 中，无论 worker 如何，每次到时间都恰好新建一个任务。
到时间时由 worker 读取清单：worker 配置（sources）允许的文件夹中的文件，或允许的主机上的 https 地址。

定时任务的上一个任务或同一对象的其他任务仍在处理时，本次运行会跳过并告知。没有 worker 在 10 秒内处理的
运行记为错过；使用 --catch-up 时补运行其中最近一次。`},
	"help.schedule_pause": {EN: "Keep a schedule from having ticks, until it is resumed", ZH: "暂停定时任务，直到恢复"},
	"help.schedule_pause_long": {EN: `Keep a schedule from having ticks, until it is resumed. Its job goes on; enqueue pause JOB pauses that.

With --json: the schedule after it.`, ZH: `暂停定时任务，直到恢复。已新建的任务会继续；enqueue pause JOB 可以暂停它。

使用 --json：暂停之后的定时任务。`},
	"help.schedule_resume": {EN: "Let a paused schedule have ticks again", ZH: "恢复暂停的定时任务"},
	"help.schedule_resume_long": {EN: `Let a paused schedule have ticks again, from now on: those that came meanwhile are not made up for.

With --json: the schedule after it.`, ZH: `从现在起恢复暂停的定时任务：暂停期间错过的运行不再补。

使用 --json：恢复之后的定时任务。`},
	"help.schedule_remove": {EN: "Remove a schedule with what it remembers of its runs", ZH: "删除定时任务及其运行记录"},
	"help.schedule_remove_long": {EN: `Remove a schedule with what it remembers of its runs. Its job goes on; enqueue cancel JOB stops that.

With --json: the schedule as it was.`, ZH: `删除定时任务及其运行记录。已新建的任务会继续；enqueue cancel JOB 可以停止它。

使用 --json：删除前的定时任务。`},
	"help.schedule_add": {EN: "Add a schedule", ZH: "添加定时任务"},
	"help.schedule_add_long": {EN: `Add a schedule. What can be checked here is; the list itself is read by a worker when a tick comes.

SOURCE is the whole path of a file as the workers see it, or an https address; what the workers' configuration does not
allow (sources) fails the run. A list with a bad row fails the run, and changes nothing. An address is asked for a list
with the ETag of the last one: where that is the same, and every store of it succeeded, there is nothing to do (a resync
compares all the same).

--cron takes five fields (minute, hour, day of month, month, day of week), @hourly, @daily, @weekly, @monthly, @yearly or
'@every 90m', by the clocks of --timezone. Where clocks are put forward, a time that they skip comes at the change; where
they are put back, a time that they show twice comes once, unless the schedule is of every hour.

--notify is told of each run, at least once: when its job has ended (job.ended), or why it made none (schedule.failed, .skipped,
.missed or .unchanged; .gone where its job was gone from Redis before its end could be noted).

With --json: the schedule.`, ZH: `添加定时任务。能在这里检查的都会检查；清单本身在到时间时由 worker 读取。

来源（SOURCE）是 worker 能看到的文件的完整路径，或 https 地址；worker 配置（sources）不允许的来源会使运行失败。
有无效行的清单会使运行失败，不做任何更改。请求地址时会带上上次清单的 ETag：如果没有变化，且当时全部门店成功，
就不需要做什么（resync 仍会比较）。

--cron 为五个字段（分、时、日、月、星期），或 @hourly、@daily、@weekly、@monthly、@yearly、'@every 90m'，
按 --timezone 的时钟。时钟拨快时，被跳过的时间在变更时运行；时钟拨慢时，出现两次的时间只运行一次，除非是每小时
运行的定时任务。

每次运行都会至少通知 --notify 一次：任务结束时（job.ended），或没有新建任务的原因（schedule.failed、.skipped、
.missed 或 .unchanged；任务在记录结束之前从 Redis 中消失时为 .gone）。

使用 --json：该定时任务。`},
	"help.schedule_list": {EN: "List the schedules, with their next tick and their last run", ZH: "列出定时任务，及其下次和上次运行"},
	"help.schedule_list_long": {EN: `List the schedules by name, with their next tick and their last run.

With --json: one array of schedules.`, ZH: `按名称列出定时任务，及其下次和上次运行。

使用 --json：一个定时任务数组。`},
	"help.schedule_show": {EN: "Tell what a schedule does, and of its last 50 runs", ZH: "查看定时任务的内容和最近 50 次运行"},
	"help.schedule_show_long": {EN: `Tell what a schedule does, and of its last 50 runs, the newest first: which job each made, how that ended, and, of a
resync, how many stores were missing or too much.

With --json: the schedule with its runs.`, ZH: `查看定时任务的内容和最近 50 次运行，最新的在前：每次新建了哪个任务，结果如何；对于 resync，还有缺少和多出的
门店数。

使用 --json：定时任务及其运行。`},
	"help.schedule_run": {EN: "Let a schedule run now, whether or not it is paused", ZH: "立即运行定时任务，不论是否暂停"},
	"help.schedule_run_long": {EN: `Let a schedule run now, whether or not it is paused: a worker reads its list and makes a job of it, once the schedule's last
job has ended. --wait waits until that is done and tells the job; enqueue watch JOB follows it further.

With --json: the run.`, ZH: `立即运行定时任务，不论是否暂停：上一个任务结束后，由 worker 读取清单并新建任务。--wait 等待到任务新建并显示它；
enqueue watch JOB 可继续查看。

使用 --json：该次运行。`},
	"help.status": {EN: "Tell how a job stands", ZH: "查看任务的状态"},
	"help.status_long": {EN: `Tell how a job stands: its figures, which add up at every instant, and whether and why it does not move.

With --json: one status document.`, ZH: `查看任务的状态：各项数字（任何时刻都能对上），以及是否停滞、为什么。

使用 --json：一个状态文档。`},
	"help.watch": {EN: "Follow a job or batch to its end, or look at everything that is at work", ZH: "跟踪任务或批量任务直到结束，或查看所有正在处理的任务"},
	"help.watch_long": {EN: `Follow a job or batch to its end. It exits as --wait does: 0 where every store succeeded, 3 where stores failed or were
left unprocessed.

On a terminal it draws in place: the accounts with their pace and state, the job, or the batch's jobs at work, with
progress, rate and time left, and the failures by code. Without a JOB it draws everything at work, until it is left. q
or Ctrl-C leaves; jobs go on. While Redis is away it says so and goes on trying. Elsewhere, progress is on standard error.

With --json: a status document a line, one a second, the last at the end.`, ZH: `跟踪任务或批量任务直到结束。退出状态与 --wait 相同：全部门店成功为 0，有门店失败或未处理为 3。

在终端上原地刷新：账号及其速率和状态，任务或批量任务中正在处理的任务，进度、速度和剩余时间，以及按代码统计的
失败。不给出任务（JOB）时显示所有正在处理的任务，直到退出。按 q 或 Ctrl-C 退出；任务会继续。Redis 暂时不可用时
会说明并继续尝试。不在终端上时，进度写到标准错误。

使用 --json：每秒一行状态文档，最后一行是结束时的。`},
	"help.flag_json":               {EN: "one JSON document on standard output, and nothing else there", ZH: "在标准输出上只输出一个 JSON 文档"},
	"help.flag_config":             {EN: "the configuration's `FILE` (default: STORELINK_CONFIG)", ZH: "配置`文件`（默认：STORELINK_CONFIG）"},
	"help.flag_redis":              {EN: "Redis' `URL` (default: STORELINK_REDIS, REDIS_URL, the configuration's)", ZH: "Redis 的`地址`（默认：STORELINK_REDIS、REDIS_URL、配置文件）"},
	"help.flag_redis_certificate":  {EN: "the PEM `FILE` that Redis is shown (default: STORELINK_REDIS_CERTIFICATE, the configuration's)", ZH: "向 Redis 出示的 PEM 证书`文件`（默认：STORELINK_REDIS_CERTIFICATE、配置文件）"},
	"help.flag_redis_key":          {EN: "the PEM `FILE` of that certificate's key (default: STORELINK_REDIS_KEY, the configuration's)", ZH: "该证书私钥的 PEM `文件`（默认：STORELINK_REDIS_KEY、配置文件）"},
	"help.flag_redis_ca":           {EN: "the PEM `FILE` of the authorities that Redis is believed by (default: STORELINK_REDIS_CA, the configuration's)", ZH: "用于信任 Redis 的 CA 证书 PEM `文件`（默认：STORELINK_REDIS_CA、配置文件）"},
	"help.flag_lang":               {EN: "tell people in this `LANGUAGE`: zh or en (default: STORELINK_LANG, LC_ALL, LC_MESSAGES, LANG)", ZH: "提示所用的`语言`：zh 或 en（默认：STORELINK_LANG、LC_ALL、LC_MESSAGES、LANG）"},
	"help.flag_wait":               {EN: "wait for the job's end, with progress on standard error", ZH: "等待任务结束，进度写到标准错误"},
	"help.flag_timeout":            {EN: "give up waiting after `TIME` (90s, 2h); the job goes on", ZH: "等待超过该`时间`（90s、2h）就不再等；任务会继续"},
	"help.flag_report":             {EN: "at the end, write what became of every store to `FILE` (.xlsx, .csv or .jsonl)", ZH: "结束时把每家门店的结果写入`文件`（.xlsx、.csv 或 .jsonl）"},
	"help.flag_encoding":           {EN: "of a CSV report: utf-8, utf-8-bom or gb18030 (default utf-8)", ZH: "CSV 报告的编码：utf-8、utf-8-bom 或 gb18030（默认 utf-8）"},
	"help.flag_account":            {EN: "the account's `NAME`, as a worker or the configuration has it", ZH: "worker 或配置里的账号`名称`"},
	"help.flag_brand":              {EN: "the brand's `ID`; a brand's own account knows it", ZH: "品牌 `ID`；品牌自己的账号不需要"},
	"help.flag_coupon":             {EN: "the product coupon's `ID`", ZH: "商品券 `ID`"},
	"help.flag_stock":              {EN: "the stock's `ID`, or …", ZH: "批次 `ID`，或…"},
	"help.flag_bundle":             {EN: "… the stock bundle's `ID`", ZH: "…批次组 `ID`"},
	"help.flag_priority":           {EN: "high, default or low: who goes first among an account's jobs", ZH: "high、default 或 low：账号的任务中谁先进行"},
	"help.flag_label":              {EN: "a `TEXT` to know the job by", ZH: "便于识别任务的`文字`"},
	"help.flag_column":             {EN: "{of}the column of the store IDs: its `NAME|NUMBER`", ZH: "{of}门店 ID 所在的列：`列名|列号`"},
	"help.flag_ids":                {EN: "{of}these are WeChat Pay's IDs, or own numbers: `wechat|own` (default: as the header says)", ZH: "{of}其中是微信支付的 ID 还是自己的编号：`wechat|own`（默认按表头判断）"},
	"help.flag_header":             {EN: "{of}the header is in this `LINE` (default: it is looked for)", ZH: "{of}表头所在的`行号`（默认自动查找）"},
	"help.flag_no_header":          {EN: "{of}there is no header: the first row is a store's", ZH: "{of}没有表头：第一行就是门店"},
	"help.of_lists":                {EN: "in the lists: ", ZH: "清单中："},
	"help.of_join":                 {EN: "of --join: ", ZH: "用于 --join："},
	"help.flag_sheet":              {EN: "of a spreadsheet: the sheet's `NAME|NUMBER` (default: the only one with rows)", ZH: "电子表格中的工作表：`名称|序号`（默认为唯一有内容的工作表）"},
	"help.flag_set_aside":          {EN: "write bad rows to `FILE` and go on with the rest", ZH: "把无效行写入`文件`，其余照常进行"},
	"help.flag_chunk_size":         {EN: "stores a call: 1 to 200 (default 200)", ZH: "每次调用的门店数：1 到 200（默认 200）"},
	"help.flag_failure_threshold":  {EN: "abort once this share of stores failed, in `PERCENT` of at least 1,000; 0 is off", ZH: "失败门店达到该`百分比`时中止（至少 1,000 家有结果后）；0 表示不启用"},
	"help.flag_yes":                {EN: "on a terminal: do not ask before stores are disassociated", ZH: "在终端上：取消关联前不询问"},
	"help.flag_dry_run":            {EN: "say what would be sent and how long it would take, and send nothing", ZH: "说明将发送什么、需要多久，不发送任何内容"},
	"help.flag_yes_cancel":         {EN: "on a terminal: do not ask before the job is cancelled", ZH: "在终端上：取消任务前不询问"},
	"help.flag_notify":             {EN: "when it has ended, tell the hook of this `NAME|URL`: one of the worker's notify.hooks, or an address at its notify.hosts", ZH: "结束时通知该`名称|地址`的回调：worker 的 notify.hooks 之一，或 notify.hosts 中的地址"},
	"help.flag_notify_format":      {EN: "json, signed with the worker's notify.secret (default), or wecom, a WeCom (企业微信) robot's message", ZH: "json（默认，用 worker 的 notify.secret 签名），或 wecom（企业微信机器人消息）"},
	"help.flag_state":              {EN: "only jobs in this `STATE`: {states}", ZH: "只列出该`状态`的任务：{states}"},
	"help.flag_jobs_account":       {EN: "only jobs of the account of this `NAME`", ZH: "只列出该账号`名称`的任务"},
	"help.flag_jobs_brand":         {EN: "only jobs for the brand with this `ID`", ZH: "只列出该品牌 `ID` 的任务"},
	"help.flag_jobs_stock":         {EN: "only jobs for the stock or stock bundle with this `ID`", ZH: "只列出该批次或批次组 `ID` 的任务"},
	"help.flag_batch":              {EN: "the jobs of the batch with this `ID`, in its order; a batch itself is listed as one", ZH: "按顺序列出该批量任务 `ID` 中的任务；批量任务本身列为一个"},
	"help.flag_limit":              {EN: "at most this `NUMBER` of jobs; 0 is all", ZH: "最多列出的任务`数`；0 为全部"},
	"help.flag_at":                 {EN: "send it at `TIME`, and not before: '2026-12-01 02:00', or RFC 3339", ZH: "在该`时间`发送，不会提前：'2026-12-01 02:00' 或 RFC 3339"},
	"help.flag_timezone":           {EN: "of --at: its `NAME`, such as Asia/Shanghai (default: this machine's)", ZH: "--at 的时区`名称`，如 Asia/Shanghai（默认为本机时区）"},
	"help.flag_onboard_account":    {EN: "the account's `NAME`, for targets that name none", ZH: "没有指定账号的对象所用的账号`名称`"},
	"help.flag_onboard_priority":   {EN: "high, default or low, for targets that say nothing", ZH: "没有指定优先级的对象所用的优先级：high、default 或 low"},
	"help.flag_onboard_label":      {EN: "a `TEXT` to know the batch by", ZH: "便于识别批量任务的`文字`"},
	"help.flag_onboard_set_aside":  {EN: "write bad rows of a flat table to `FILE` and go on with the rest", ZH: "把平面表的无效行写入`文件`，其余照常进行"},
	"help.flag_onboard_threshold":  {EN: "abort a target's job once this share of its stores failed, in `PERCENT` of at least 1,000; 0 is off", ZH: "某个对象的失败门店达到该`百分比`时中止它的任务（至少 1,000 家有结果后）；0 表示不启用"},
	"help.flag_onboard_dry_run":    {EN: "check everything, say what would be sent and how long it would take, and send nothing", ZH: "检查全部内容，说明将发送什么、需要多久，不发送任何内容"},
	"help.flag_here":               {EN: "run it in this process, whatever Redis is configured", ZH: "在本进程中执行，不论配置了什么 Redis"},
	"help.flag_sandbox":            {EN: "run it here against a built-in stand-in for WeChat Pay", ZH: "在本机对内置的微信支付沙箱执行"},
	"help.flag_verbose":            {EN: "here: log what the worker does to standard error", ZH: "在本机执行时：把 worker 的日志写到标准错误"},
	"help.flag_only":               {EN: "only stores with this `OUTCOME`: {outcomes}", ZH: "只输出该`结果`的门店：{outcomes}"},
	"help.flag_output":             {EN: "write to `FILE` (.xlsx, .csv or .jsonl) instead of standard output", ZH: "写入`文件`（.xlsx、.csv 或 .jsonl），而不是标准输出"},
	"help.flag_results_encoding":   {EN: "of CSV: utf-8, utf-8-bom or gb18030 (default utf-8; with --join the list's)", ZH: "CSV 的编码：utf-8、utf-8-bom 或 gb18030（默认 utf-8；使用 --join 时与清单相同）"},
	"help.flag_join":               {EN: "give this `LIST` back with the outcomes behind its columns", ZH: "返回该`清单`，各列后面附加结果"},
	"help.flag_join_sheet":         {EN: "of --join: a spreadsheet's sheet, its `NAME|NUMBER`", ZH: "用于 --join：电子表格中的工作表，`名称|序号`"},
	"help.flag_prune":              {EN: "disassociate the stores that are associated and not on the list", ZH: "取消已关联但不在清单上的门店"},
	"help.flag_max_prune":          {EN: "refuse a prune of more than this: `N` stores, or P% of those that are associated (default 10%)", ZH: "取消关联超过此数则拒绝：`N` 家门店，或现有关联的 P%（默认 10%）"},
	"help.flag_verify":             {EN: "list again after the writes, and flag each store whose outcome is contradicted", ZH: "写入后重新读取关联，标出结果不符的门店"},
	"help.flag_difference":         {EN: "with --dry-run: write the difference to `FILE` (.xlsx, .csv or .jsonl)", ZH: "与 --dry-run 一起使用：把差异写入`文件`（.xlsx、.csv 或 .jsonl）"},
	"help.flag_detach":             {EN: "do not wait for the plan either", ZH: "连计划也不等待"},
	"help.flag_resync_dry_run":     {EN: "say what would be sent and how long it would take, and send nothing but the list calls", ZH: "说明将发送什么、需要多久，除查询外不发送任何内容"},
	"help.flag_retry_priority":     {EN: "high, default or low (default: the job's)", ZH: "high、default 或 low（默认与原任务相同）"},
	"help.flag_retry_label":        {EN: "a `TEXT` to know the new job by (default: the job's)", ZH: "便于识别新任务的`文字`（默认与原任务相同）"},
	"help.flag_retry_chunk_size":   {EN: "stores a call: 1 to 200 (default: the job's)", ZH: "每次调用的门店数：1 到 200（默认与原任务相同）"},
	"help.flag_retry_threshold":    {EN: "abort once this share of stores failed, in `PERCENT` of at least 1,000; 0 is off (default: the job's)", ZH: "失败门店达到该`百分比`时中止（至少 1,000 家有结果后）；0 表示不启用（默认与原任务相同）"},
	"help.flag_retry_notify":       {EN: "when it has ended, tell the hook of this `NAME|URL`; \"\" for none (default: the one that the job told)", ZH: "结束时通知该`名称|地址`的回调；\"\" 表示不通知（默认与原任务相同）"},
	"help.flag_cron":               {EN: "when its ticks come: an `EXPRESSION`, such as '0 3 * * *'", ZH: "何时运行：`表达式`，如 '0 3 * * *'"},
	"help.flag_cron_timezone":      {EN: "of --cron: its `NAME`, such as Asia/Shanghai (default: this machine's)", ZH: "--cron 的时区`名称`，如 Asia/Shanghai（默认为本机时区）"},
	"help.flag_catch_up":           {EN: "make up for the latest tick that was missed while no worker was up", ZH: "补运行没有 worker 时错过的最近一次"},
	"help.flag_replace":            {EN: "replace the schedule of this name; it stays paused if it is", ZH: "替换同名的定时任务；原来暂停的仍保持暂停"},
	"help.flag_schedule_label":     {EN: "a `TEXT` to know its jobs by", ZH: "便于识别其任务的`文字`"},
	"help.flag_schedule_threshold": {EN: "abort a job once this share of stores failed, in `PERCENT` of at least 1,000; 0 is off", ZH: "任务的失败门店达到该`百分比`时中止（至少 1,000 家有结果后）；0 表示不启用"},
	"help.flag_schedule_notify":    {EN: "tell a hook what became of each run: by its `NAME|URL`, as the worker's notify.hooks or notify.hosts allow", ZH: "把每次运行的结果通知给`名称|地址`的回调，以 worker 的 notify.hooks 或 notify.hosts 允许为限"},
	"help.flag_run_wait":           {EN: "wait until its job is submitted, or it is known why there is none", ZH: "等待到任务提交，或得知没有任务的原因"},
	"help.flag_run_timeout":        {EN: "give up waiting after `TIME` (90s, 10m); the run goes on", ZH: "等待超过该`时间`（90s、10m）就不再等；运行会继续"},
	"help.flag_watch_timeout":      {EN: "give up after `TIME` (90s, 2h); the job goes on", ZH: "超过该`时间`（90s、2h）就退出；任务会继续"},

	// What cobra says of itself, in Chinese alone.
	"help.usage":        {EN: "Usage:", ZH: "用法："},
	"help.aliases":      {EN: "Aliases:", ZH: "别名："},
	"help.examples":     {EN: "Examples:", ZH: "示例："},
	"help.commands":     {EN: "Available Commands:", ZH: "可用命令："},
	"help.flags":        {EN: "Flags:", ZH: "选项："},
	"help.global_flags": {EN: "Global Flags:", ZH: "全局选项："},
	"help.topics":       {EN: "Additional help topics:", ZH: "其他帮助主题："},
	"help.more":         {EN: `Use "{command} [command] --help" for more information about a command.`, ZH: `执行 "{command} [command] --help" 查看某个命令的详细说明。`},
	"help.help":         {EN: "help", ZH: "显示帮助"},
	"help.help_command": {EN: "Help about any command", ZH: "查看任一命令的帮助"},
	"help.version":      {EN: "version", ZH: "显示版本"},
	"help.with_default": {EN: "{usage} (default {default})", ZH: "{usage}（默认 {default}）"},
}
