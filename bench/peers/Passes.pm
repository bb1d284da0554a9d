# Runs a peer's reader over the files that the parent names and prints figures as JSON; it knows no peer.
#
# Argument: LIST, where each line is "group TAB path".  All files are read beforehand; one round over all of them, which
# is not timed, says what the peer finds.  Then each line on the standard input names a group: it is gone through
# once more, or as often as half a second holds, and messages per CPU second are printed.
package Passes;
use strict;
use warnings;
use IO::Handle ();
use JSON::PP ();
use POSIX ();

sub processor_seconds {
    my ($user, $system) = (POSIX::times())[1, 2];
    return ($user + $system) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

sub peak {
    open my $status, '<', '/proc/self/status' or return 0;
    my ($line) = grep { /^VmHWM/ } <$status>;
    return $line && $line =~ /(\d+)/ ? $1 + 0 : 0;
}

# $look: bytes -> [automatic?, [ids]] or undef; what is timed is this call.
sub run {
    my ($name, $version, $look) = @_;
    my ($list) = @ARGV;
    my (@raws, %groups);
    open my $lines, '<', $list or die "$list: $!";
    while (my $line = <$lines>) {
        chomp $line;
        my ($group, $path) = split /\t/, $line, 2;
        open my $file, '<:raw', $path or die "$path: $!";
        local $/ = undef;
        push @raws, scalar <$file>;
        push @{ $groups{$group} }, $#raws;
    }
    my $files = peak();
    # What a peer says on its way is not part of the answer; warnings for broken mail are expected.
    open my $answer, '>&', \*STDOUT or die $!;
    open STDOUT, '>', '/dev/null' or die $!;
    open STDERR, '>', '/dev/null' or die $!;
    local $SIG{__WARN__} = sub { };
    my ($died, @found) = (0);
    for my $raw (@raws) {
        my $copy = $raw;
        my $said = eval { $look->($copy) };
        $died++ if $@;
        push @found, $said || [JSON::PP::false, []];
    }
    my $peak = peak();
    print {$answer} JSON::PP->new->latin1->encode(
        { name => $name, version => "$version", died => $died, found => \@found,
          files_kb => $files, peak_kb => $peak }), "\n";
    $answer->autoflush(1);
    while (my $group = <STDIN>) {
        chomp $group;
        my @indexes = @{ $groups{$group} || [] };
        my $start = processor_seconds();
        my ($done, $spent) = (0, 0);
        while (@indexes && $spent < 0.5) {    # the clock ticks in 10 ms: a fast peer goes round until it is long enough
            for my $index (@indexes) { my $copy = $raws[$index]; eval { $look->($copy) } }
            $done += @indexes;
            $spent = processor_seconds() - $start;
        }
        print {$answer} $spent ? $done / $spent : 0, "\n";
    }
    close $answer;
    return;
}

1;
