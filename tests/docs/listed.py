"""Commands of README and docs that no test runs as they stand, each with the reason.  All others are run.

`elsewhere`: a test (file::function) does what the command says.  `why`: it cannot be run here; then its syntax is
checked all the same.  An entry that no page shows any more fails, too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotRun:
    why: str = ""
    elsewhere: str = ""


_ASKS = "it asks questions; the test answers them"
_MANAGER = "a systemd of one's own is needed"
_REAL = "tests/units/test_real_manager.py::test_it_is_installed_runs_shut_in_is_reloaded_and_taken_away"
_SIX = "tests/e2e/test_init.py::test_six_answers_lead_from_nothing_to_a_clean_inbox"
_FOUND = "tests/e2e/test_init.py::test_without_questions_a_server_that_was_only_found_gets_no_password"
_COMMAND = "tests/e2e/test_init.py::test_a_command_of_ones_own_is_tried_before_it_is_believed"
_HOST = "tests/e2e/test_init.py::test_what_is_written_works_and_is_for_its_owner_alone"
_ROOT = "it writes to /etc of the machine that runs the tests"
_PODMAN = "neither podman nor docker is at hand"
_LONG = "a benchmark: it takes minutes and makes its own server"
_BUILT = "tests/e2e/test_releases.py::test_the_source_archive_holds_what_is_needed_to_build_and_test_it"
_FITS = "tests/core/test_installing.py::test_a_pipx_installation_gets_it_by_pipx"
_INSTALLED = "tests/e2e/test_releases.py::test_pipx_installs_it_and_it_runs"
_WHEEL = "tests/e2e/test_wheel.py::test_the_demo_runs_from_the_wheel"
_FIRST = "tests/e2e/test_releases.py::test_the_first_command_of_the_readme_works_as_it_stands"
_SITE = "tests/docs/test_site.py::test_every_link_within_the_site_leads_to_a_page_and_a_place_in_it"
_OPENS = "tests/page/test_command.py::test_a_browser_is_asked_to_open_it_where_there_is_a_screen"
_PICTURES = "tests/docs/test_pictures.py::test_the_pictures_are_of_the_page_and_the_report_as_they_are_now"
_FRESH = "tests/docs/test_site.py::test_what_the_code_knows_stands_in_the_pages_as_it_is_now"

_LOGIN = "a person logs in at the provider; the test is one, with a provider of its own"
_STORY = (
    "tests/oauth/test_whole_story.py::test_login_sweep_loss_of_the_token_renewal_revocation_and_a_new_login"
)
_GRANTED = (
    "tests/oauth/test_init.py::test_a_server_that_wants_oauth_alone_leads_through_the_login_to_a_clean_inbox"
)
_BY_CODE = (
    "tests/oauth/test_whole_story.py::test_a_code_typed_on_another_device_lets_us_in_by_either_mechanism"
)
_TOKEN = "tests/oauth/test_whole_story.py::test_doctor_says_whether_a_token_can_be_had_and_what_mends_it"
_DASHBOARD = "tests/web/test_withstands.py::test_the_link_lets_in_once_and_a_second_use_is_told_what_to_do"
_TAKEN = "tests/web/test_bounds.py::test_a_port_that_is_taken_is_said_and_nothing_listens_elsewhere"

_ZONES = "it asks the name servers of the machine; the test has one of its own"
_ADVISED = "tests/advise/test_cases.py::test_the_advice_is_what_the_case_says"
_MINE = (
    "tests/advise/test_command.py::test_without_a_name_it_looks_at_ones_own_domains_and_providers_come_last"
)
_TABLE = "tests/advise/test_command.py::test_the_object_of_json_holds_what_is_printed"

NOT_RUN: dict[str, NotRun] = {
    # installing
    "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/scatterclean demo": NotRun(
        "it is run where nothing is installed yet", _FIRST
    ),
    "pipx install .": NotRun("it is run where nothing is installed yet", _INSTALLED),
    "source .venv/bin/activate": NotRun("it changes the shell in which it is typed, and nothing else"),
    "scatterclean demo": NotRun("with Dovecot, and from the wheel, it is run", _WHEEL),
    "scatterclean demo --server dovecot --no-pause": NotRun(
        "without --no-pause it is run: there is no terminal"
    ),
    # setting up
    "scatterclean init": NotRun(_ASKS, _SIX),
    "scatterclean init --host imap.example.org": NotRun(_ASKS, _HOST),
    "scatterclean init --host imap.example.org --ca-file my-server.pem": NotRun(_ASKS, _HOST),
    "scatterclean init --email ada@example.org --host localhost --ca-file my-server.pem": NotRun(
        _ASKS, _HOST
    ),
    "scatterclean init --email ada@outlook.com --oauth-client-id 00000000-1111-2222-3333-444444444444": NotRun(
        _LOGIN, _GRANTED
    ),
    "scatterclean init --email ada@example.org --password-command 'pass show mail/ada'": NotRun(
        _ASKS, _COMMAND
    ),
    "scatterclean init --non-interactive --email ada@gmail.com --password-file ~/.gmail --move": NotRun(
        "it would ask Gmail"
    ),
    "scatterclean init --non-interactive --email ada@example.org --password-file PATH --trust-found": NotRun(
        "it would look for the server of example.org; the test plays one", _FOUND
    ),
    "scatterclean init --host 127.0.0.1 --port 1143 --tls starttls --ca-file cert.pem": NotRun(
        "Proton Mail's Bridge must run"
    ),
    "keyring set scatterclean me@example.org": NotRun("it asks for the password, and wants a keyring"),
    "pip install 'scatterclean[oauth]'": NotRun("there is no release to be had from PyPI yet"),
    "scatterclean login home": NotRun(_LOGIN, _STORY),
    "scatterclean login work": NotRun(_LOGIN, _STORY),
    "scatterclean login home --device": NotRun(_LOGIN, _BY_CODE),
    "scatterclean login work --device": NotRun(_LOGIN, _BY_CODE),
    "scatterclean login home --no-browser --port 8765": NotRun(_LOGIN, _STORY),
    "scatterclean login work --no-browser --port 8765": NotRun(_LOGIN, _STORY),
    "scatterclean doctor work": NotRun("the account of that page is at Microsoft", _TOKEN),
    # the report
    "scatterclean report --open": NotRun(
        "it would open a browser on the machine that runs the tests", _OPENS
    ),
    "scatterclean storm --watch": NotRun(
        "it stays until Ctrl-C; the test types that",
        "tests/storm/test_terminal.py::test_it_shows_what_changes_while_another_process_writes_until_ctrl_c",
    ),
    # asking DNS
    "scatterclean advise": NotRun(_ZONES, _MINE),
    "scatterclean advise example.org": NotRun(_ZONES, _ADVISED),
    "scatterclean advise example.org --selector mail2026": NotRun(_ZONES, _ADVISED),
    "scatterclean advise --json": NotRun(_ZONES, _TABLE),
    # the dashboard
    "pipx install '.[web]'": NotRun("it is run where nothing is installed yet", _INSTALLED),
    "pipx inject scatterclean werkzeug waitress": NotRun("it adds to what pipx has installed", _FITS),
    "pip install '.[web]'": NotRun("it would install into the environment of the tests", _FITS),
    "scatterclean web": NotRun("it runs until Ctrl-C", _DASHBOARD),
    "scatterclean web --open": NotRun(
        "it would open a browser on the machine that runs the tests", _DASHBOARD
    ),
    "scatterclean web --port 8765": NotRun("it runs until Ctrl-C", _TAKEN),
    # services and machines
    "systemctl --user reload scatterclean": NotRun(_MANAGER, _REAL),
    "systemctl --user edit scatterclean": NotRun("it opens an editor"),
    "loginctl enable-linger $USER": NotRun("it changes the machine"),
    "crontab -e": NotRun("it opens an editor"),
    "sudo scatterclean service install --system --user ada": NotRun(_ROOT),
    "sudo scatterclean service uninstall --system --user ada": NotRun(_ROOT),
    "podman build -f docs/container/Containerfile -t scatterclean .": NotRun(_PODMAN),
    "podman secret create mail FILE": NotRun(_PODMAN),
    "podman run -d --name scatterclean --restart on-failure --read-only --cap-drop all -v scatterclean:/data "
    "-v ./scatterclean.toml:/config/scatterclean.toml:ro --secret mail,uid=10001,mode=0400 scatterclean": NotRun(
        _PODMAN
    ),
    "podman exec scatterclean scatterclean status": NotRun(_PODMAN),
    # developing
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/python -m tests": NotRun(
        "it is what runs this test"
    ),
    ".ci/run": NotRun("it is what runs this test"),
    ".venv/bin/python -m pytest -q tests/bounce": NotRun("all tests are run"),
    ".venv/bin/python docs/reference.py": NotRun("it writes into the source tree", _FRESH),
    ".venv/bin/python docs/picture.py": NotRun("it writes into the source tree"),
    ".venv/bin/python docs/screenshots.py": NotRun("it writes into the source tree", _PICTURES),
    ".venv/bin/scatterclean man --to docs/man": NotRun(
        "it writes into the source tree",
        "tests/cli/test_manual.py::test_one_page_is_printed_and_all_are_written",
    ),
    ".venv/bin/python -m build": NotRun("it writes into the source tree", _BUILT),
    ".venv/bin/zensical build --strict": NotRun("it writes into the source tree", _SITE),
    "python bench/harvest.py --messages 100000 --rounds 5": NotRun(_LONG),
    "python bench/harvest.py --messages 20000 --rounds 5": NotRun(_LONG),
    "python bench/harvest.py --messages 100000 --rounds 5 --delay 40 --skip-peers": NotRun(_LONG),
    "python bench/sweep.py --letters 45000 --bounces 5000 --rounds 3": NotRun(_LONG),
    "python bench/large.py --rounds 3": NotRun(_LONG),
    "python bench/report.py": NotRun(_LONG),
    "python bench/poll.py": NotRun(_LONG),
    "python bench/web.py": NotRun(_LONG),
    "python bench/start.py": NotRun(_LONG),
    "python bench/lookup.py --rows 5000000": NotRun(_LONG),
    "python bench/accounts.py --accounts 200 --minutes 9": NotRun(_LONG),
    "python bench/accounts.py --accounts 200 --minutes 8 --push": NotRun(_LONG),
}

# What ends with another exit code than 0 here, and why.
ENDS_WITH: dict[str, tuple[int, str]] = {
    "scatterclean doctor --strict": (1, "the certificate of the test's server lasts two days: a warning"),
    "scatterclean doctor --strict --timeout 20": (1, "the same"),
}
