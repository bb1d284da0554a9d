# SpamAssassin's VBounce rules alone (Debian spamassassin), without network, Bayes or any other rule.
#
# Recognised is ANY_BOUNCE_MESSAGE.  The rules fire only where the person's own relays are named and none of them is
# found in the message, so a relay is named that no message can hold.  They name no id.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Passes;
use JSON::PP ();
use Mail::SpamAssassin;

my ($rules) = grep { -f } map { "$_/20_vbounce.cf" } glob('/var/lib/spamassassin/*/updates_spamassassin_org'),
    '/usr/share/spamassassin';
die "20_vbounce.cf is not there\n" unless $rules;
open my $file, '<', $rules or die $!;
my $text = do { local $/ = undef; <$file> };
my $spamassassin = Mail::SpamAssassin->new({
    local_tests_only    => 1,
    dont_copy_prefs     => 1,
    username            => 'nobody',
    userstate_dir       => '/nonexistent',
    config_text         => join "\n",
        'loadplugin Mail::SpamAssassin::Plugin::Check',
        'loadplugin Mail::SpamAssassin::Plugin::VBounce',
        'use_bayes 0', 'skip_rbl_checks 1', 'dns_available no', 'clear_report_template',
        'welcomelist_bounce_relays no-such-relay.invalid', $text, '',
});
$spamassassin->init(0);

Passes::run('SpamAssassin VBounce', Mail::SpamAssassin::Version(), sub {
    my ($raw) = @_;
    my $message = $spamassassin->parse($raw);
    my $status = $spamassassin->check($message);
    my $hit = grep { $_ eq 'ANY_BOUNCE_MESSAGE' } split /,/, $status->get_names_of_tests_hit;
    $status->finish;
    $message->finish;
    return $hit ? [JSON::PP::true, []] : undef;
});
