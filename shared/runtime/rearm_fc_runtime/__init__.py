"""Function Compute's handler contract for Python 3.10 and 3.12, by the standard library alone: the bootstrap of the custom runtime.

    FC_FUNC_CODE_PATH=build/package/alibaba/funcraft python3 -m rearm_fc_runtime eventbridge.handler

serves `POST /invoke` on FC_SERVER_PORT. Nothing of rearm is in here: any handler of Function Compute runs in it. The workbench's
emulated runtime (`rearm_workbench.emulators.fc_runtime`) is made of the same parts.

    function.py      a handler: loaded, called, and what becomes of its answer and its errors
    context.py       the context object of each Python
    request.py       the x-fc-* headers of an invocation
    environment.py   the variables, and which FC_* names a function may see
    log.py           the lines of a function's log
    invocation.py    one request from its first line in the log to its answer
    server.py        HTTP; one invocation at a time
    process.py       SIGTERM, the end

Read from the runtime's own bootstrap as its images have it (python3 and python3.9), and from help.aliyun.com: Function Compute 2.0,
"Custom Runtime", "Spec details" (document_detail/425057), "Principles" (425055), "Lifecycle hooks for function instances"; Function
Compute 3.0, "Python request handlers".
"""
