"""Writes and reads tables with libraries of other make, for storelist's differential tests.

Each line of standard input is a JSON object that says what to do; each line of standard output is its result.
Cells are JSON's null, strings, numbers and truths, and {"day": "2026-07-01"}.
"""
import csv
import datetime
import json
import sys

import openpyxl
import xlsxwriter


def cell(v):
    return datetime.datetime.fromisoformat(v["day"]) if isinstance(v, dict) else v


def plain(v):
    return {"day": v.isoformat()} if isinstance(v, (datetime.date, datetime.time, datetime.timedelta)) else v


def write(path, maker, rows):
    if maker == "openpyxl":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([cell(v) for v in row])
        book.save(path)
        return
    options = {"constant_memory": maker == "xlsxwriter in constant memory"}
    with xlsxwriter.Workbook(path, options) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for r, row in enumerate(rows):
            for c, v in enumerate(row):
                if isinstance(v, dict):
                    sheet.write_datetime(r, c, cell(v), day)
                elif isinstance(v, str):
                    sheet.write_string(r, c, v)
                elif v is not None:
                    sheet.write(r, c, v)


def read(path):
    book = openpyxl.load_workbook(path, data_only=True)
    return [[plain(v) for v in row] for row in book.active.iter_rows(values_only=True)]


def read_csv(path, encoding, separator):
    with open(path, encoding=encoding, newline="") as f:
        return list(csv.reader(f, delimiter=separator, strict=True))


for line in sys.stdin:
    task = json.loads(line)
    do = {"write": write, "read": read, "csv": read_csv}[task.pop("do")]
    print(json.dumps(do(**task)), flush=True)
