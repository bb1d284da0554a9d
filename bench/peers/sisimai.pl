# Sisimai (4.x, Debian libsisimai-perl): recognised is what yields at least one record; vacation replies included.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Passes;
use JSON::PP ();
use Sisimai;
use Sisimai::Data;
use Sisimai::Message;

# As Sisimai->make does for each message of a mailbox, without splitting the file at "From " lines.
Passes::run('Sisimai', Sisimai->version, sub {
    my ($raw) = @_;
    my $message = Sisimai::Message->new(data => $raw) or return;
    my $records = Sisimai::Data->make(data => $message, delivered => 1, origin => 'MEMORY') or return;
    return unless @$records;
    return [JSON::PP::true, [grep { defined && length } map { $_->messageid } @$records]];
});
