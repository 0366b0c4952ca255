"""The forms of a report: texts from numbers. What names hold comes from strangers; each form says it as text.

- `charts`: bars and a curve, as SVG
- `csv_text`: rows for a spreadsheet
- `html_page`: one page with everything in it, and no script
- `json_text`: for programs
- `sound_exchange`: the columns of SoundExchange's report of use
- `table`: for a terminal
- `words`: numbers and times as all of them are written
"""
